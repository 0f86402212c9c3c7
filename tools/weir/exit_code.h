// SPDX-License-Identifier: Apache-2.0
// The exit codes of the weir program. Scripts rely on them; `ExitCodeMeanings` has their texts, and
// docs/reference/exit-codes-and-signals.md explains them.
#ifndef WEIR_TOOLS_WEIR_EXIT_CODE_H_
#define WEIR_TOOLS_WEIR_EXIT_CODE_H_

#include "absl/status/status.h"

namespace weir {

enum ExitCode {
  kExitClean = 0,
  kExitFailed = 1,       // while running
  kExitBadUsage = 2,     // a mistake in the command line or the configuration
  kExitUnsupported = 3,  // a privilege or a kernel feature is missing
  kExitLoss = 4,         // with --fail_on_loss: clean, but packets or records were lost
};

// For a stage or pipeline that did not start, or failed while running.
inline ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitClean;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnimplemented:
      return kExitUnsupported;
    default:
      return kExitFailed;
  }
}

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_EXIT_CODE_H_
