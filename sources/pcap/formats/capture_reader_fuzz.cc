// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a capture: CaptureReader must agree with libpcap, however the bytes arrive.
// The first byte decides how they arrive.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sources/pcap/formats/compare_with_libpcap.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
  const weir::pcap::ReadingManner manner{size_t{1} << data[0] % 16, 1 + data[0] / 16};
  const std::string different = weir::pcap::CompareWithLibpcap(file, manner);
  if (different.empty()) return 0;
  std::fprintf(stderr, "%s\n", different.c_str());
  std::abort();
}
