// SPDX-License-Identifier: Apache-2.0
// Parses any text as a filter expression. It must give an error that shows the position, or a
// program that agrees with the reference.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "transforms/filter/check_expression.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::transforms::Decisions decisions;
  const std::string wrong = weir::transforms::CheckExpression(
      std::string_view(reinterpret_cast<const char*>(data), size), &decisions);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
