// SPDX-License-Identifier: Apache-2.0
// Fuzzes the filter rules: the programs' rules decide on packets as the reference does.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sources/ebpf/rules/check_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::ebpf::RuleCounts counts;
  const std::string wrong =
      weir::ebpf::CheckRules(std::string_view(reinterpret_cast<const char*>(data), size), &counts);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
