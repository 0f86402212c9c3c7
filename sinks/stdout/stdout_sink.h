// SPDX-License-Identifier: Apache-2.0
// The sink `stdout`: writes records as lines to standard output.
#ifndef WEIR_SINKS_STDOUT_STDOUT_SINK_H_
#define WEIR_SINKS_STDOUT_STDOUT_SINK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>

#include "core/record/batch.h"
#include "core/record/csv.h"
#include "core/record/encoded_records.h"
#include "core/record/json.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "sinks/stdout/stdout.pb.h"
#include "sinks/stdout/table_encoder.h"

namespace weir::sinks {

// A record is delivered once its whole line is written. If the reader closes the pipe, the sink
// asks for an orderly end and counts the other records as dropped, "reader_gone". Any other write
// error is an error of the stage.
//
// Called by one thread at a time, as the host does.
class StdoutSink : public sdk::Sink {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<StdoutSink>> Create(const Stdout& config, sdk::Stage stage);

  // Writes to `fd` instead of standard output. Start duplicates it, so it may be closed then.
  StdoutSink(const Stdout& config, sdk::Stage stage, int fd);
  ~StdoutSink() override;

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Start() override;
  sdk::Status Stop() override;
  sdk::Status Process(const BatchView& batch) override;

 private:
  // Text is written in pieces of this size, which bounds memory for any batch.
  static constexpr size_t kWriteBytes = 256 * 1024;

  void ChooseEncoder();
  void ReaderHasGone(uint64_t dropped);

  const Stdout config_;
  const sdk::Stage stage_;
  const int original_fd_;
  int fd_ = -1;
  std::variant<JsonEncoder, CsvEncoder, TableEncoder> encoder_;
  EncodedRecords encoded_{kWriteBytes};
  bool reader_gone_ = false;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_STDOUT_STDOUT_SINK_H_
