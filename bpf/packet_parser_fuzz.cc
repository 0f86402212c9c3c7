// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Fuzzes the packet parser of the BPF programs: it reads no byte beyond the packet, in place or
// copied, and it finds the same flow as the reference parser.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "bpf/testing/check_parsers.h"

namespace {

// A few splits that depend on the bytes of the packet: over many inputs all splits occur.
weir::ebpf::Splits SomeSplits(std::string_view packet) {
  weir::ebpf::Splits splits;
  if (packet.size() < 2) return splits;
  size_t hash = std::hash<std::string_view>()(packet);
  for (int i = 0; i < 4; ++i) {
    splits.push_back(1 + hash % std::min(packet.size() - 1, size_t{200}));
    hash /= 251;
  }
  return splits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static weir::ebpf::PacketMemory memory;
  if (size > weir::ebpf::PacketMemory::kMaxBytes) return 0;
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  // Without a link layer, the version in the first byte selects the EtherType. A second byte of
  // 0xff selects one that is not IP.
  const uint16_t eth_protocol =
      size < 2 || data[1] == 0xff ? 0x0806 : (data[0] >> 4 == 6 ? 0x86dd : 0x0800);
  const std::string wrong =
      weir::ebpf::CheckParsers(packet, SomeSplits(packet), eth_protocol, &memory);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
