// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"

// What is escaped and unescaped is what it was.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  std::string output;
  if (!absl::CUnescape(absl::CEscape(input), &output) || output != input) {
    __builtin_trap();
  }
  return 0;
}
