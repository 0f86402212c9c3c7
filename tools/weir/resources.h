// SPDX-License-Identifier: Apache-2.0
// Names the resource that ran out when a run failed. Functions without state: any thread.
#ifndef WEIR_TOOLS_WEIR_RESOURCES_H_
#define WEIR_TOOLS_WEIR_RESOURCES_H_

#include <string>

#include "absl/status/status.h"

namespace weir {

// Returns a sentence with the resource and its limit if `status` is RESOURCE_EXHAUSTED for file
// descriptors, threads or memory. Empty otherwise.
std::string ResourceHint(const absl::Status& status);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_RESOURCES_H_
