// SPDX-License-Identifier: Apache-2.0
// Lets time pass between packets as it passed when they were captured.
#ifndef WEIR_SOURCES_PCAP_PACE_H_
#define WEIR_SOURCES_PCAP_PACE_H_

#include <cstdint>
#include <optional>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"

namespace weir::pcap {

// One thread; `stage` must outlive it.
class Pace {
 public:
  // Waits by the host's monotonic clock, until the eventfd `wake_fd` is readable.
  Pace(const sdk::Stage* stage, int wake_fd) : stage_(stage), wake_fd_(wake_fd) {}

  // How long it is, in ns, until a packet of that time may leave; 0: it may. The first one
  // may at once, and so may all whose time is not after that of the first.
  uint64_t Remaining(uint64_t packet_time_ns);

  // Waits until then. False: it was woken up before.
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
