// SPDX-License-Identifier: Apache-2.0
// The sink `file`: records in a file, or in one file after another.
#ifndef WEIR_SINKS_FILE_FILE_SINK_H_
#define WEIR_SINKS_FILE_FILE_SINK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "core/record/batch.h"
#include "core/record/csv.h"
#include "core/record/encoded_records.h"
#include "core/record/json.h"
#include "core/record/protobuf.h"
#include "core/record/raw_encoder.h"
#include "plugins/sdk/component.h"
#include "sinks/file/compressor.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/file_calls.h"
#include "sinks/file/file_settings.h"
#include "sinks/file/output_file.h"
#include "sinks/file/whole_records.h"

namespace weir::sinks {

// A record is delivered once write(2) has taken all of it, and with `fsync: BATCH` once the
// disk has. Where files are compressed, it is held until its block is compressed and
// written. What could not be written is taken back to the last whole record, and an error
// of the stage, which the host counts as dropped.
//
// Called by one thread at a time, as the host does.
class FileSink : public sdk::Sink {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<FileSink>> Create(const File& config, sdk::Stage stage);
  // With other system calls; `calls` must outlive it.
  static sdk::Result<std::unique_ptr<FileSink>> Create(const File& config, sdk::Stage stage,
                                                       FileCalls* calls);
  ~FileSink() override;

  // Finishes what a former run has left unfinished.
  sdk::Status Start() override;
  sdk::Status Process(const BatchView& batch) override;
  uint64_t TickIntervalNs() const override { return settings_.flush_interval_ns; }
  sdk::Status Tick(uint64_t monotonic_now_ns) override;
  // Completes the file if others follow it, else opens it anew by its name.
  sdk::Status Reopen() override;
  sdk::Status Flush() override;
  sdk::Status Stop() override;

 private:
  struct Claims;  // paths of the pipeline's stages

  FileSink(FileSettings settings, sdk::Stage stage, FileCalls* calls);
  sdk::Status Claim();

  // Opens the file that records go to now, if none is open.
  sdk::Status OpenNext();
  sdk::Status MakeFolders(const std::string& path) const;
  // Takes off what is behind the last whole record of the open file.
  sdk::Status CutTornEnd();
  sdk::Status FinishLeftovers();
  sdk::Status FinishLeftover(const std::string& path);

  sdk::Status WriteEncoded();
  sdk::Status Append(std::string_view bytes, bool in_blocks);
  bool IsComplete() const;
  // Writes what is held, closes the open file and gives it its name.
  sdk::Status FinishFile();
  sdk::Status CloseFile();
  sdk::Status GiveName(const std::string& unfinished);
  sdk::Status SyncFolder(const std::string& path);
  void RemoveOld();

  const FileSettings settings_;
  const sdk::Stage stage_;
  FileCalls* const calls_;
  const std::unique_ptr<Compressor> compressor_;  // null: files are not compressed
  Claims* claims_ = nullptr;

  OutputFile file_;
  std::string name_;      // that file_ gets, or would get, at the time it was opened
  int64_t interval_ = 0;  // number of the rotate_interval in which file_ was opened
  std::string numbered_;  // the name that was given last, without its number
  uint64_t number_ = 0;   // that the next file of this name tries first
  uint64_t next_removal_ns_ = 0;
  std::variant<JsonEncoder, CsvEncoder, ProtobufEncoder, RawEncoder> encoder_;
  EncodedRecords encoded_{kBlockBytes};
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_FILE_SINK_H_
