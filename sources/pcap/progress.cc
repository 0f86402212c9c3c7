// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/progress.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "core/record/human.h"

namespace weir::pcap {

namespace {

constexpr uint64_t kIntervalNs = 200'000'000;
constexpr uint64_t kSecondNs = 1'000'000'000;
// Short enough that a terminal of 80 columns does not wrap the line: a wrapped line cannot be
// erased.
constexpr size_t kMaxName = 24;
constexpr char kEraseLine[] = "\r\x1b[K";

// Keeps the end of a path, which says more than its beginning.
std::string Short(const std::string& name) {
  return name.size() <= kMaxName ? name : "..." + name.substr(name.size() - (kMaxName - 3));
}

}  // namespace

bool HasTerminal(int fd, int data_fd) {
  struct stat terminal;
  struct stat data;
  if (isatty(fd) != 1 || fstat(fd, &terminal) != 0) return false;
  return isatty(data_fd) != 1 || fstat(data_fd, &data) != 0 || terminal.st_rdev != data.st_rdev;
}

Progress::Progress(const sdk::Stage* stage, int fd, std::optional<uint64_t> total_bytes)
    : stage_(stage), fd_(fd), total_bytes_(total_bytes), begin_ns_(stage->MonotonicNs()) {}

void Progress::Update(const std::string& name, uint64_t bytes, uint64_t packets) {
  if (fd_ < 0) return;
  name_ = name;
  bytes_ = bytes;
  packets_ = packets;
  const uint64_t now = stage_->MonotonicNs();
  if (drawn_ns_ != 0 && now - drawn_ns_ < kIntervalNs) return;
  drawn_ns_ = now;
  Write(kEraseLine + Line(now));
}

void Progress::Clear() {
  if (fd_ < 0 || drawn_ns_ == 0) return;
  Write(kEraseLine);
  drawn_ns_ = 0;
}

void Progress::Finish() {
  if (fd_ < 0 || name_.empty()) return;
  Write(kEraseLine + Line(stage_->MonotonicNs()) + "\n");
  drawn_ns_ = 0;
}

std::string Progress::Line(uint64_t now) const {
  const double seconds = static_cast<double>(std::max<uint64_t>(now - begin_ns_, 1)) / kSecondNs;
  const auto rate = static_cast<uint64_t>(static_cast<double>(packets_) / seconds);
  std::string line = Short(name_) + ": ";
  if (total_bytes_.has_value() && *total_bytes_ > 0) {
    // The file may have grown since its size was read.
    const uint64_t percent = std::min(bytes_, *total_bytes_) * 100 / *total_bytes_;
    line += std::to_string(percent) + "% of " + HumanBytes(*total_bytes_);
  } else {
    line += HumanBytes(bytes_);
  }
  return line + ", " + std::to_string(packets_) + " packets, " + std::to_string(rate) + "/s";
}

void Progress::Write(const std::string& text) const {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(fd_, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    written += static_cast<size_t>(count);
  }
}

}  // namespace weir::pcap
