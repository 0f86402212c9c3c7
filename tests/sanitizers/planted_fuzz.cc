// SPDX-License-Identifier: Apache-2.0
// A fuzz target with a bug that no input of its corpus comes near, but a fuzzer that is
// led by coverage finds within seconds: for tools/build/fuzz_check.
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
