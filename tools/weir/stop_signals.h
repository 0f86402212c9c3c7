// SPDX-License-Identifier: Apache-2.0
// Decides whether a stop signal asks for an orderly end, or ends the run at once.
#ifndef WEIR_TOOLS_WEIR_STOP_SIGNALS_H_
#define WEIR_TOOLS_WEIR_STOP_SIGNALS_H_

#include <cstdint>
#include <optional>

namespace weir {

// One request to stop can arrive as two signals: coreutils `timeout` signals the process and then
// its process group, and a wrapper may forward the SIGINT of a terminal, which weir gets too. Such
// a repeat is not a second request. One thread.
class StopSignals {
 public:
  static constexpr uint64_t kRepeatNs = 250'000'000;

  enum class Meaning {
    kDrain,   // the first request
    kRepeat,  // a repeat of the first request: nothing to do
    kEndNow,  // a second request
  };

  // The meaning of a stop signal at `monotonic_ns`, which must not decrease between calls.
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
