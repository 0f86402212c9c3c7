// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/pipeline_schema.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weir {

absl::StatusOr<PipelineSchema> ReadPipelineSchema(std::string_view schema) {
  PipelineSchema result;
  bool in_front = true;
  for (std::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(schema), '\n')) {
    if (absl::StartsWith(line, "// SPDX-")) continue;
    if (in_front && absl::ConsumePrefix(&line, "//")) {
      absl::ConsumePrefix(&line, " ");
      absl::StrAppend(&result.description, line, "\n");
      continue;
    }
    in_front = false;
    if (absl::StartsWith(line, "syntax ") || absl::StartsWith(line, "package ") ||
        absl::StartsWith(line, "import ")) {
      continue;
    }
    absl::StrAppend(&result.messages, line, "\n");
  }
  result.messages = std::string(absl::StripLeadingAsciiWhitespace(result.messages));
  if (result.description.empty() || result.messages.empty()) {
    return absl::InvalidArgumentError(
        "the schema of pipeline files has no comment at its top, or no message");
  }
  return result;
}

}  // namespace weir
