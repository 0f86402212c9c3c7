// SPDX-License-Identifier: Apache-2.0
// Converts the status of the SDK, whose headers the host uses too.
#ifndef WEIR_CORE_PIPELINE_HOST_STATUS_H_
#define WEIR_CORE_PIPELINE_HOST_STATUS_H_

#include "absl/status/status.h"
#include "plugins/sdk/status.h"

namespace weir::pipeline {

// Both have the same codes.
inline absl::Status HostStatus(const sdk::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
}

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_HOST_STATUS_H_
