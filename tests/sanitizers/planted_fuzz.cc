// SPDX-License-Identifier: Apache-2.0
// A fuzz target for tools/build/fuzz_check. No input of its corpus comes near its bug, but a
// coverage-guided fuzzer finds it within seconds.
#include <cstddef>
#include <cstdint>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4 || data[0] != 'w' || data[1] != 'e' || data[2] != 'i' || data[3] != 'r') return 0;
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[size]);
  const volatile uint8_t* const bytes = copy.get();
  static_cast<void>(bytes[size]);
  return 0;
}
