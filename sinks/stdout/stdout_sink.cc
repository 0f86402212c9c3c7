// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/stdout_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/write_all.h"

namespace weir::sinks {

sdk::Result<std::unique_ptr<StdoutSink>> StdoutSink::Create(const Stdout& config,
                                                            sdk::Stage stage) {
  return std::make_unique<StdoutSink>(config, std::move(stage), STDOUT_FILENO);
}

StdoutSink::StdoutSink(const Stdout& config, sdk::Stage stage, int fd)
    : config_(config), stage_(std::move(stage)), original_fd_(fd) {}

StdoutSink::~StdoutSink() {
  if (fd_ >= 0) close(fd_);  // Stop reports errors; without Stop nothing was written
}

sdk::Status StdoutSink::Diagnose(const sdk::Findings& findings) {
  sdk::Status status = Start();
  if (status.ok()) status = Stop();
  findings.Add(sdk::FindingOf(status, "standard output", "is open"));
  return sdk::OkStatus();
}

sdk::Status StdoutSink::Start() {
  fd_ = fcntl(original_fd_, F_DUPFD_CLOEXEC, 0);
  if (fd_ < 0) return sdk::FileErrnoStatus("open standard output", errno);
  ChooseEncoder();
  return sdk::OkStatus();
}

void StdoutSink::ChooseEncoder() {
  const Stdout::Format by_itself = isatty(fd_) == 1 ? Stdout::TABLE : Stdout::JSON;
  switch (config_.has_format() ? config_.format() : by_itself) {
    case Stdout::JSON:
      encoder_.emplace<JsonEncoder>();
      break;
    case Stdout::TABLE:
      encoder_.emplace<TableEncoder>();
      break;
    case Stdout::CSV:
      encoder_.emplace<CsvEncoder>();
      break;
  }
}

sdk::Status StdoutSink::Stop() {
  // Some file systems report only here that written data was lost.
  if (close(std::exchange(fd_, -1)) != 0) {
    return sdk::FileErrnoStatus("close standard output", errno);
  }
  return sdk::OkStatus();
}

sdk::Status StdoutSink::Process(const BatchView& batch) {
  uint32_t next = 0;
  while (next < batch.size()) {
    if (reader_gone_) {
      stage_.CountDropped("reader_gone", batch.size() - next);
      return sdk::OkStatus();
    }
    const uint32_t first = next;
    next = std::visit([&](auto& encoder) { return encoded_.Encode(batch, first, &encoder); },
                      encoder_);
    size_t written = 0;
    const int error = sdk::WriteAll(fd_, encoded_.text(), &written);
    const uint32_t delivered = encoded_.WholeRecords(written);
    stage_.CountDelivered(delivered);
    if (error == EPIPE) {
      ReaderHasGone(next - first - delivered);
    } else if (error != 0) {
      return sdk::FileErrnoStatus("write to standard output", error);
    }
  }
  return sdk::OkStatus();
}

void StdoutSink::ReaderHasGone(uint64_t dropped) {
  reader_gone_ = true;
  stage_.CountDropped("reader_gone", dropped);
  stage_.RequestStop("the reader of standard output has gone");
}

}  // namespace weir::sinks
