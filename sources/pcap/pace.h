// SPDX-License-Identifier: Apache-2.0
// Delays packets by the times at which they were captured.
#ifndef WEIR_SOURCES_PCAP_PACE_H_
#define WEIR_SOURCES_PCAP_PACE_H_

#include <cstdint>
#include <optional>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"

namespace weir::pcap {

// One thread. `stage` must outlive it.
class Pace {
 public:
  // Waits by the host's monotonic clock, until the eventfd `wake_fd` is readable.
  Pace(const sdk::Stage* stage, int wake_fd) : stage_(stage), wake_fd_(wake_fd) {}

  // Returns how long a packet with this time must still wait, in ns; 0 if it may leave now. The
  // first packet, and every packet that is not later than the first, leaves at once.
  uint64_t Remaining(uint64_t packet_time_ns);

  // Waits until the packet may leave. Returns false if it was woken up before.
  sdk::Result<bool> WaitFor(uint64_t packet_time_ns);

 private:
  struct Begin {
    uint64_t packet_ns;
    uint64_t monotonic_ns;
  };

  const sdk::Stage* const stage_;
  const int wake_fd_;
  std::optional<Begin> begin_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_PACE_H_
