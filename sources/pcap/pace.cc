// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/pace.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "plugins/sdk/errno_status.h"

namespace weir::pcap {

namespace {

// The longest sleep. The host's clock is not always the kernel's, so it is read again after that.
constexpr uint64_t kLongestWaitNs = 20'000'000;

}  // namespace

uint64_t Pace::Remaining(uint64_t packet_time_ns) {
  const uint64_t now = stage_->MonotonicNs();
  if (!begin_.has_value()) begin_ = Begin{packet_time_ns, now};
  if (packet_time_ns <= begin_->packet_ns) return 0;
  const uint64_t after = packet_time_ns - begin_->packet_ns;
  const uint64_t passed = now - begin_->monotonic_ns;
  return after > passed ? after - passed : 0;
}

sdk::Result<bool> Pace::WaitFor(uint64_t packet_time_ns) {
  for (uint64_t remaining = Remaining(packet_time_ns); remaining > 0;
       remaining = Remaining(packet_time_ns)) {
    const timespec timeout{0, static_cast<long>(std::min(remaining, kLongestWaitNs))};
    pollfd wake{wake_fd_, POLLIN, 0};
    const int ready = ppoll(&wake, 1, &timeout, nullptr);
    if (ready > 0) return false;
    if (ready < 0 && errno != EINTR) return sdk::ErrnoStatus("poll", errno);
  }
  return true;
}

}  // namespace weir::pcap
