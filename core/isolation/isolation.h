// SPDX-License-Identifier: Apache-2.0
// Runs what may crash, hang or end its process in a child process.
#ifndef WEIR_CORE_ISOLATION_ISOLATION_H_
#define WEIR_CORE_ISOLATION_ISOLATION_H_

#include <functional>
#include <string_view>

#include "absl/time/time.h"
#include "core/isolation/steps.h"

namespace weir::isolation {

// What comes from a child. On the calling thread.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void OnStep(std::string_view name, const Verdict& verdict) = 0;
  virtual void OnValue(std::string_view name, std::string_view value) = 0;
};

// Forks, runs `body` in the child with standard input and output of nothing, and passes
// what it says to `listener` until the child has ended. A child that cannot be made, is ended
// by a signal, ends itself early, or takes longer than `step_timeout` for a step (and is then
// killed) fails in the step that it was in. The process must have one thread.
void RunIsolated(absl::Duration step_timeout, const std::function<void(Steps*)>& body,
                 Listener* listener);

}  // namespace weir::isolation

#endif  // WEIR_CORE_ISOLATION_ISOLATION_H_
