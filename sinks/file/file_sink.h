// SPDX-License-Identifier: Apache-2.0
// The sink `file`: writes records to a file, or to one file after another.
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
#include "plugins/sdk/findings.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/output/compressor.h"
#include "sinks/file/output/file_calls.h"
#include "sinks/file/output/file_settings.h"
#include "sinks/file/output/output_file.h"
#include "sinks/file/output/whole_records.h"

namespace weir::sinks {

// A record is delivered once write(2) has taken all of it; with `fsync: BATCH`, once the disk has
// it. With compression, records are held until their block is compressed and written. If a write
// fails, the file is cut back to the last whole record. The stage then fails, and the host counts
// the records that were not written as dropped.
//
// If the open file is deleted, renamed or replaced, the sink closes it and opens its path again. If
// that fails, Process waits and retries for kPatienceNs.
//
// Called by one thread at a time, as the host does; Interrupt by any thread.
class FileSink : public sdk::Sink {
 public:
  static constexpr uint64_t kCapabilities = 0;
  // How often the sink checks that the open file is still at its path.
  static constexpr uint64_t kLookIntervalNs = 500'000'000;
  // How long records wait for a path that cannot be opened again.
  static constexpr uint64_t kPatienceNs = 10'000'000'000;

  static sdk::Result<std::unique_ptr<FileSink>> Create(const File& config, sdk::Stage stage);
  // For tests, with other system calls. `calls` must outlive it.
  static sdk::Result<std::unique_ptr<FileSink>> Create(const File& config, sdk::Stage stage,
                                                       FileCalls* calls);
  ~FileSink() override;

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  // Finishes the files that an earlier run left unfinished.
  sdk::Status Start() override;
  sdk::Status Process(const BatchView& batch) override;
  // At most kLookIntervalNs. `flush_interval` is a multiple of it.
  uint64_t TickIntervalNs() const override;
  sdk::Status Tick(uint64_t monotonic_now_ns) override;
  // Finishes the open file if the sink rotates; otherwise opens the path again.
  sdk::Status Reopen() override;
  sdk::Status Flush() override;
  sdk::Status Stop() override;
  void Interrupt() override { interrupted_ = true; }

 private:
  struct Claims;  // the paths of all stages of the pipeline
  using Encoder = std::variant<JsonEncoder, CsvEncoder, ProtobufEncoder, RawEncoder>;

  FileSink(FileSettings settings, sdk::Stage stage, FileCalls* calls);
  static Encoder MakeEncoder(File::Format format);
  sdk::Status Claim();

  // Returns the error that Start would return for `path`, the file name of this moment. Changes
  // nothing.
  sdk::Status CheckStart(const std::string& path);
  // Returns OK if files can be made in `folder`.
  sdk::Status CheckFolder(std::string folder) const;

  // Opens the file for the next records, if none is open.
  sdk::Status OpenNext();
  sdk::Status MakeFolders(const std::string& path) const;
  // Calls OpenNext after the sink has started. Returns an error only if records have waited too
  // long.
  sdk::Status OpenAgain();
  // Closes the open file if it is no longer at its path, and opens another one.
  sdk::Status FollowPath();
  // Closes the open file, which has no name any longer, and keeps the encoded records.
  void ForgetDeletedFile();
  // Cuts the open file after its last whole record.
  sdk::Status CutTornEnd();
  sdk::Status FinishLeftovers();
  sdk::Status FinishLeftover(const std::string& path);

  // Writes the encoded records. Keeps them if there is no file yet.
  sdk::Status WriteEncoded();
  // The same, but waits for a file.
  sdk::Status WriteEncodedPatiently();
  // Returns the text in front of the first record of a file.
  std::string_view Heading() const;
  // Appends `bytes`, which begin with a heading of `heading_size` bytes, and counts the delivered
  // records. `in_blocks`: the bytes are one compressed block, of which a part is useless.
  sdk::Status Append(std::string_view bytes, size_t heading_size, bool in_blocks);
  void ForgetEncoded();
  bool IsComplete() const;
  // Writes the held records, closes the open file and renames it to its final name.
  sdk::Status FinishFile();
  sdk::Status CloseFile();
  sdk::Status GiveName(const std::string& unfinished);
  sdk::Status SyncFolder(const std::string& path);
  void RemoveOld();

  const FileSettings settings_;
  const sdk::Stage stage_;
  FileCalls* const calls_;
  const std::unique_ptr<Compressor> compressor_;  // null: no compression
  Claims* claims_ = nullptr;

  OutputFile file_;
  std::string name_;      // the final name of file_, from the time at which it was opened
  int64_t interval_ = 0;  // the number of the rotate_interval in which file_ was opened
  std::string numbered_;  // the last final name, without its number
  uint64_t number_ = 0;   // the first number to try for the next file of this name
  uint64_t next_removal_ns_ = 0;
  Encoder encoder_;
  EncodedRecords encoded_{kBlockBytes};
  uint64_t next_flush_ns_ = 0;

  sdk::Status open_error_;         // the result of the last OpenAgain
  uint64_t waiting_since_ns_ = 0;  // since when records wait, while open_error_ is an error
  uint64_t next_attempt_ns_ = 0;   // to open the path, while open_error_ is an error
  std::atomic<bool> interrupted_{false};
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_FILE_SINK_H_
