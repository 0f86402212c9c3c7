// SPDX-License-Identifier: Apache-2.0
// A fuzzer's entry to the loader: any text must come back with a pipeline or an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/loader.h"
#include "core/config/test_schemas.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SET") return "a\"'\\\n\xff";
    if (name == "NUMBER") return "5";
    return std::nullopt;
  };
  const auto pipeline = weir::config::LoadText(text, "f", weir::config::TestSchemas(), environment);
  if (!pipeline.ok()) {
    if (pipeline.status().message().empty()) std::abort();
    return 0;
  }
  for (size_t stage = 0; stage < pipeline->stages.size(); ++stage) {
    for (const size_t input : pipeline->stages[stage].inputs) {
      if (input >= stage) std::abort();
    }
  }
  return 0;
}
