// SPDX-License-Identifier: Apache-2.0
// Names what ran out when a run failed for a lack of it.
#ifndef WEIR_TOOLS_WEIR_RESOURCES_H_
#define WEIR_TOOLS_WEIR_RESOURCES_H_

#include <string>

#include "absl/status/status.h"

namespace weir {

// A sentence that names the resource and the limit that applies, if `status` is
// RESOURCE_EXHAUSTED for file descriptors, threads or memory. Empty otherwise.
std::string ResourceHint(const absl::Status& status);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_RESOURCES_H_
