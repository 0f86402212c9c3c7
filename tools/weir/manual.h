// SPDX-License-Identifier: Apache-2.0
// The manual pages, made from the texts of --help, the schema of pipeline files and the plugins.
// Functions without state: any thread.
#ifndef WEIR_TOOLS_WEIR_MANUAL_H_
#define WEIR_TOOLS_WEIR_MANUAL_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/config/schema/schemas.h"
#include "tools/weir/command_line.h"

namespace weir {

// weir(1).
std::string ProgramManual(const std::vector<Command>& commands, std::string_view version);

// weir.textproto(5). `schema` is the text of pipeline.proto. INVALID_ARGUMENT if it does not begin
// with the comment that describes the file.
absl::StatusOr<std::string> PipelineFileManual(std::string_view schema,
                                               const std::vector<const config::Schema*>& components,
                                               std::string_view version);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_MANUAL_H_
