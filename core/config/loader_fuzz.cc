// SPDX-License-Identifier: Apache-2.0
// A fuzzer's entry to the loader and the formatter. Any text gives a pipeline or an error. The
// layout of a text has the same meaning, and its layout is itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/config/loader.h"
#include "core/config/test_schemas.h"
#include "core/config/text/formatter.h"

namespace {

using weir::config::PipelineConfig;

void Require(bool condition) {
  if (!condition) std::abort();
}

absl::StatusOr<PipelineConfig> Load(std::string_view text) {
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SET") return "a\"'\\\n\xff";
    if (name == "NUMBER") return "5";
    return std::nullopt;
  };
  return weir::config::LoadText(text, "f", weir::config::TestSchemas(), environment);
}

void RequireSame(const PipelineConfig& a, const PipelineConfig& b) {
  Require(a.stages.size() == b.stages.size());
  for (size_t i = 0; i < a.stages.size(); ++i) {
    const weir::config::StageConfig& x = a.stages[i];
    const weir::config::StageConfig& y = b.stages[i];
    Require(x.kind == y.kind && x.name == y.name && x.type == y.type && x.inputs == y.inputs &&
            x.queue_batches == y.queue_batches && x.config == y.config);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<PipelineConfig> pipeline = Load(text);
  const absl::StatusOr<std::string> formatted = weir::config::FormatText(text, "f");
  Require(pipeline.ok() || !pipeline.status().message().empty());
  Require(formatted.ok() || !formatted.status().message().empty());
  if (formatted.ok()) {
    const absl::StatusOr<std::string> again = weir::config::FormatText(*formatted, "f");
    Require(again.ok() && *again == *formatted);
  }
  if (!pipeline.ok()) return 0;
  for (size_t stage = 0; stage < pipeline->stages.size(); ++stage) {
    for (const size_t input : pipeline->stages[stage].inputs) Require(input < stage);
  }
  Require(formatted.ok());
  const absl::StatusOr<PipelineConfig> same = Load(*formatted);
  Require(same.ok());
  RequireSame(*pipeline, *same);
  return 0;
}
