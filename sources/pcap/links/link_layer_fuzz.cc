// SPDX-License-Identifier: Apache-2.0
// Parses any bytes as a packet of any link type. No byte outside the packet is read, and earlier
// packets make no difference. The first byte is the link type; the second byte is the byte order of
// the capturing machine.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bpf/packet.h"
#include "sources/pcap/links/link_layer.h"

namespace {

constexpr int kLinks = static_cast<int>(weir::pcap::LinkLayer::kNflog) + 1;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto link = static_cast<weir::pcap::LinkLayer>(data[0] % kLinks);
  const bool swapped = (data[1] & 1) != 0;
  // Allocated with its exact size, so that a sanitizer finds reads behind it.
  const std::vector<uint8_t> bytes(data + 2, data + size);
  const auto parse = [&](weir::pcap::LinkParser* parser) {
    packet fields;
    std::memset(&fields, 0, sizeof(fields));
    parser->Parse(link, swapped, bytes.data(), static_cast<uint32_t>(bytes.size()), &fields);
    return fields;
  };
  static auto* const used = new weir::pcap::LinkParser;
  weir::pcap::LinkParser fresh;
  const packet first = parse(&fresh);
  const packet second = parse(used);
  if (std::memcmp(&first, &second, sizeof(first)) == 0 &&
      (first.notes & ~(PACKET_FRAGMENT | PACKET_TRUNCATED)) == 0) {
    return 0;
  }
  std::fputs("a packet has other fields than the same packet before\n", stderr);
  std::abort();
}
