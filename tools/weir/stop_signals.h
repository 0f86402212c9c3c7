// SPDX-License-Identifier: Apache-2.0
// Which signals ask a run to end, and which end it at once.
#ifndef WEIR_TOOLS_WEIR_STOP_SIGNALS_H_
#define WEIR_TOOLS_WEIR_STOP_SIGNALS_H_

#include <cstdint>
#include <optional>

namespace weir {

// One request to stop can arrive as two signals: coreutils `timeout` signals the process and then
// its process group, and a wrapper can pass on the SIGINT of a terminal that weir got as well. Such
// a repeat is not a second request. One thread.
class StopSignals {
 public:
  static constexpr uint64_t kRepeatNs = 250'000'000;

  enum class Meaning {
    kDrain,   // the first request
    kRepeat,  // of the first request: nothing to do
    kEndNow,  // a second request
  };

  // Of a stop signal at `monotonic_ns`, which never goes back from call to call.
  Meaning On(uint64_t monotonic_ns) {
    if (!first_ns_.has_value()) {
      first_ns_ = monotonic_ns;
      return Meaning::kDrain;
    }
    return monotonic_ns - *first_ns_ < kRepeatNs ? Meaning::kRepeat : Meaning::kEndNow;
  }

 private:
  std::optional<uint64_t> first_ns_;
};

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_STOP_SIGNALS_H_
