// SPDX-License-Identifier: Apache-2.0
// The generated pages of docs/reference, from the same tables and descriptors as --help,
// `weir describe` and the manual.
#ifndef WEIR_TOOLS_WEIR_REFERENCE_H_
#define WEIR_TOOLS_WEIR_REFERENCE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/config/schema/schemas.h"
#include "tools/weir/command_line.h"

namespace weir {

struct ReferencePage {
  std::string path;  // below docs/reference
  std::string text;
};

// All of them: a page for each component and their index, the pipeline file, the fields of a
// record, the command line.
// `schema` is the text of pipeline.proto. INVALID_ARGUMENT for a schema that ReadPipelineSchema
// refuses, or for descriptors that do not build.
absl::StatusOr<std::vector<ReferencePage>> ReferencePages(
    const std::vector<Command>& commands, std::string_view schema,
    const std::vector<const config::Schema*>& components);

// The pages as one text: each behind a line "=== PATH".
std::string BundlePages(const std::vector<ReferencePage>& pages);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_REFERENCE_H_
