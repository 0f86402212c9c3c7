// SPDX-License-Identifier: Apache-2.0
// Limits the time that the end of a run takes.
#ifndef WEIR_CORE_PIPELINE_WATCHDOG_H_
#define WEIR_CORE_PIPELINE_WATCHDOG_H_

#include <atomic>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/pipeline/alarm.h"
#include "core/pipeline/pipeline.h"

namespace weir::pipeline {

// The time that stages have to return after the pipeline has given up.
inline constexpr absl::Duration kGrace = absl::Seconds(2);
// The time that destroying all stages may take. To detach a program from an interface takes the
// kernel 10 ms.
inline constexpr absl::Duration kDestroyTime = absl::Seconds(30);

// Its threads exist from the beginning, because none may be left to make at the end. Thread-safe.
class Watchdog {
 public:
  struct Actions {
    // Gives up: makes the pipeline end without delivering. May hang.
    std::function<void()> give_up;
    // Ends the process. Has a thread of its own.
    std::function<void()> end;
    // Called first on each thread of the watchdog, if not null.
    std::function<void()> begin_thread;
  };

  // RESOURCE_EXHAUSTED if there is no thread. `timeout` is the time from BeginEnd to give_up.
  static absl::StatusOr<std::unique_ptr<Watchdog>> Create(
      absl::Duration timeout, Actions actions, absl::Duration grace = kGrace,
      absl::Duration destroy_time = kDestroyTime);

  // The run begins to end: give_up follows after the timeout, and `end` after the grace. Only the
  // first call counts.
  void BeginEnd();
  // All stages have stopped, or none has started, and they are destroyed now. Waits for a give_up
  // that runs; none follows. `end` follows after `destroy_time`.
  void BeginDestroy();

 private:
  Watchdog(absl::Duration timeout, absl::Duration grace, absl::Duration destroy_time)
      : timeout_(timeout), grace_(grace), destroy_time_(destroy_time) {}

  const absl::Duration timeout_;
  const absl::Duration grace_;
  const absl::Duration destroy_time_;
  std::atomic<bool> ending_{false};
  std::unique_ptr<Alarm> give_up_;
  std::unique_ptr<Alarm> end_;
};

// Drains the pipeline with a watchdog of its own, for tests and benchmarks. Calls `stuck` if a
// stage does not return. Returns the first error of the run.
absl::Status DrainWithin(Pipeline* pipeline, absl::Duration timeout, std::function<void()> stuck);

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_WATCHDOG_H_
