// SPDX-License-Identifier: Apache-2.0
// pipeline.proto as documents show it.
#ifndef WEIR_TOOLS_WEIR_PIPELINE_SCHEMA_H_
#define WEIR_TOOLS_WEIR_PIPELINE_SCHEMA_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir {

struct PipelineSchema {
  std::string description;  // the comment at the top, without its slashes
  std::string messages;     // the messages below `package` and the imports
};

// Takes the text of pipeline.proto apart. INVALID_ARGUMENT if it does not begin with the comment
// that describes pipeline files, or has no message.
absl::StatusOr<PipelineSchema> ReadPipelineSchema(std::string_view schema);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_PIPELINE_SCHEMA_H_
