// SPDX-License-Identifier: Apache-2.0
// Runs code that may crash, hang or end its process in a child process.
#ifndef WEIR_CORE_ISOLATION_ISOLATION_H_
#define WEIR_CORE_ISOLATION_ISOLATION_H_

#include <functional>
#include <string_view>

#include "absl/time/time.h"
#include "core/isolation/steps.h"

namespace weir::isolation {

// Receives the steps and values of a child, on the thread that called RunIsolated.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void OnStep(std::string_view name, const Verdict& verdict) = 0;
  virtual void OnValue(std::string_view name, std::string_view value) = 0;
};

// Forks, runs `body` in the child with stdin and stdout on /dev/null, and passes its steps
// and values to `listener` until the child has ended. The current step fails if the child
// cannot be made, dies of a signal or exits early. It also fails if a step takes longer
// than `step_timeout`; the child is then killed. The calling process must have one thread.
void RunIsolated(absl::Duration step_timeout, const std::function<void(Steps*)>& body,
                 Listener* listener);

}  // namespace weir::isolation

#endif  // WEIR_CORE_ISOLATION_ISOLATION_H_
