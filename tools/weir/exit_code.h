// SPDX-License-Identifier: Apache-2.0
// The exit codes of the weir program: part of what scripts rely on. docs/operating.md explains
// them.
#ifndef WEIR_TOOLS_WEIR_EXIT_CODE_H_
#define WEIR_TOOLS_WEIR_EXIT_CODE_H_

#include "absl/status/status.h"

namespace weir {

enum ExitCode {
  kExitClean = 0,
  kExitFailed = 1,       // while running
  kExitBadUsage = 2,     // of the command line or in the configuration
  kExitUnsupported = 3,  // a privilege or a kernel feature is missing
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
