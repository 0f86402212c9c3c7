// SPDX-License-Identifier: Apache-2.0
#include "batch_totals/batch_totals.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/record/record.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/write_all.h"

namespace example {

using weir::sdk::ErrnoStatus;
using weir::sdk::OkStatus;
using weir::sdk::Status;

weir::sdk::Result<std::unique_ptr<BatchTotalsSink>> BatchTotalsSink::Create(
    const BatchTotals& config, weir::sdk::Stage stage) {
  // The host has already checked the configuration by the rules in batch_totals.proto.
  return std::unique_ptr<BatchTotalsSink>(new BatchTotalsSink(config, std::move(stage)));
}

BatchTotalsSink::BatchTotalsSink(const BatchTotals& config, weir::sdk::Stage stage)
    : path_(config.path()), stage_(std::move(stage)) {}

BatchTotalsSink::~BatchTotalsSink() {
  // Open only if the host ends the sink without Stop().
  if (fd_ >= 0) close(fd_);
}

Status BatchTotalsSink::Start() {
  fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  return fd_ >= 0 ? OkStatus() : ErrnoStatus("open " + path_, errno);
}

Status BatchTotalsSink::Process(const weir::BatchView& batch) {
  if (batch.size() == 0) return OkStatus();
  uint64_t packets = 0;
  uint64_t bytes = 0;
  for (const weir::Record& record : batch) {
    packets += record.packets;
    bytes += record.bytes;
  }
  const std::string line = std::to_string(batch.size()) + " records " + std::to_string(packets) +
                           " packets " + std::to_string(bytes) + " bytes\n";
  size_t written = 0;
  if (const int error = weir::sdk::WriteAll(fd_, line, &written); error != 0) {
    // The host counts what was not delivered as dropped.
    return ErrnoStatus("write " + path_, error);
  }
  stage_.CountDelivered(batch.size());
  return OkStatus();
}

Status BatchTotalsSink::Stop() {
  const int fd = std::exchange(fd_, -1);
  // close(2) may report an error of an earlier write.
  return fd < 0 || close(fd) == 0 ? OkStatus() : ErrnoStatus("close " + path_, errno);
}

}  // namespace example
