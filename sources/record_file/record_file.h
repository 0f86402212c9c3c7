// SPDX-License-Identifier: Apache-2.0
// The source `record_file`: reads packed flow records from a file or a pipe.
#ifndef WEIR_SOURCES_RECORD_FILE_RECORD_FILE_H_
#define WEIR_SOURCES_RECORD_FILE_RECORD_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "plugins/sdk/unique_fd.h"
#include "plugins/sdk/wakeup.h"
#include "sources/record_file/record_file.pb.h"

namespace weir::sources {

// A recording that ends inside a record gives DATA_LOSS, after all records before it were emitted.
// Threads: see sdk::Source.
class RecordFileSource : public sdk::Source {
 public:
  static constexpr uint64_t kCapabilities = 0;
  static constexpr bool kPausable = true;

  static sdk::Result<std::unique_ptr<RecordFileSource>> Create(const RecordFile& config,
                                                               sdk::Stage stage);

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Start() override;
  sdk::Status Run() override;
  void Interrupt() override;
  sdk::Status Stop() override;

 private:
  RecordFileSource(std::string path, std::optional<ClockPair> clocks, sdk::Stage stage);

  absl::Status Open();
  // Returns the error of a run that reads a file of `size` bytes.
  sdk::Status CheckSize(uint64_t size) const;
  absl::Status ReadAll();
  // Counts the records in the writer as received, and emits them.
  absl::Status HandOver(sdk::BatchWriter* writer);
  void Close();

  const std::string path_;
  const std::string name_;  // of the input, for messages
  const std::optional<ClockPair> clocks_;
  const sdk::Stage stage_;
  sdk::UniqueFd fd_;
  sdk::Wakeup wakeup_;  // notified by Interrupt
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_RECORD_FILE_RECORD_FILE_H_
