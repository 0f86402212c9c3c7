// SPDX-License-Identifier: Apache-2.0
// The sink `file`: records in a file, or in one file after another.
#ifndef WEIR_SINKS_FILE_FILE_SINK_H_
#define WEIR_SINKS_FILE_FILE_SINK_H_

#include <atomic>
#include <cstddef>
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
// A file that was deleted, renamed or replaced while it is open is let go, and its path is
// opened anew. If that fails, Process waits and tries again for kPatienceNs.
//
// Called by one thread at a time, as the host does; Interrupt by any thread.
class FileSink : public sdk::Sink {
 public:
  static constexpr uint64_t kCapabilities = 0;
  // How often the sink looks whether the open file is still at its path.
  static constexpr uint64_t kLookIntervalNs = 500'000'000;
  // How long records wait for a path that cannot be opened anew.
  static constexpr uint64_t kPatienceNs = 10'000'000'000;

  static sdk::Result<std::unique_ptr<FileSink>> Create(const File& config, sdk::Stage stage);
  // With other system calls; `calls` must outlive it.
  static sdk::Result<std::unique_ptr<FileSink>> Create(const File& config, sdk::Stage stage,
                                                       FileCalls* calls);
  ~FileSink() override;

  // Finishes what a former run has left unfinished.
  sdk::Status Start() override;
  sdk::Status Process(const BatchView& batch) override;
  // At most kLookIntervalNs; `flush_interval` is a multiple of it.
  uint64_t TickIntervalNs() const override;
  sdk::Status Tick(uint64_t monotonic_now_ns) override;
  // Completes the file if others follow it, else opens it anew by its name.
  sdk::Status Reopen() override;
  sdk::Status Flush() override;
  sdk::Status Stop() override;
  void Interrupt() override { interrupted_ = true; }

 private:
  struct Claims;  // paths of the pipeline's stages
  using Encoder = std::variant<JsonEncoder, CsvEncoder, ProtobufEncoder, RawEncoder>;

  FileSink(FileSettings settings, sdk::Stage stage, FileCalls* calls);
  static Encoder MakeEncoder(File::Format format);
  sdk::Status Claim();

  // Opens the file that records go to now, if none is open.
  sdk::Status OpenNext();
  sdk::Status MakeFolders(const std::string& path) const;
  // OpenNext after the sink has started. An error only if records have waited too long.
  sdk::Status OpenAgain();
  // Lets go of the open file if it is not at its path any more, and opens another one.
  sdk::Status FollowPath();
  // Closes the open file, which has no name any more, and keeps what is encoded.
  void ForgetDeletedFile();
  // Takes off what is behind the last whole record of the open file.
  sdk::Status CutTornEnd();
  sdk::Status FinishLeftovers();
  sdk::Status FinishLeftover(const std::string& path);

  // Writes what is encoded; it stays if there is no file to write to yet.
  sdk::Status WriteEncoded();
  // The same; waits for a file.
  sdk::Status WriteEncodedPatiently();
  // Text in front of the first record of a file.
  std::string_view Heading() const;
  // `heading_size` bytes of `bytes` are in front of the records. `in_blocks`: a part of
  // `bytes` is of no use. Counts what was delivered.
  sdk::Status Append(std::string_view bytes, size_t heading_size, bool in_blocks);
  void ForgetEncoded();
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
  Encoder encoder_;
  EncodedRecords encoded_{kBlockBytes};
  uint64_t next_flush_ns_ = 0;

  sdk::Status open_error_;         // of the last OpenAgain; OK if it succeeded
  uint64_t waiting_since_ns_ = 0;  // records, while open_error_ is an error
  uint64_t next_attempt_ns_ = 0;   // to open, while open_error_ is an error
  std::atomic<bool> interrupted_{false};
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_FILE_SINK_H_
