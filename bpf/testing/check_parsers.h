// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Checks what the parser promises for any packet. For its test and its fuzzer.
#ifndef WEIR_BPF_TESTING_CHECK_PARSERS_H_
#define WEIR_BPF_TESTING_CHECK_PARSERS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bpf/packet_parser.h"
#include "bpf/testing/packet_memory.h"
#include "bpf/testing/reference_parser.h"

namespace weir::ebpf {

// Sizes of the linear part to try, each less than the packet's size. None and all are always tried.
using Splits = std::vector<size_t>;

// Returns all splits up to byte 200, where the headers of most packets have ended.
inline Splits AllSplits(size_t size) {
  Splits splits;
  for (size_t split = 1; split < std::min(size, size_t{200}); ++split) splits.push_back(split);
  return splits;
}

// Calls `parse` on `bytes`. The first `linear` bytes can be read in place, in another copy. Both
// copies end where reading further is an error.
template <typename Parse>
weir_parsed_packet ParseSplit(weir_packet_bytes bytes, std::string_view packet, size_t linear,
                              PacketMemory* memory, const Parse& parse) {
  bytes.linear = memory->Place(reinterpret_cast<const uint8_t*>(packet.data()), linear);
  bytes.linear_size = static_cast<weir_u32>(linear);
  return parse(bytes);
}

// Returns the difference between the two results, or an empty string.
inline std::string Difference(const weir_parsed_packet& parsed, const ReferenceResult& expected,
                              bool tunnels) {
  if (std::memcmp(&parsed.id, &expected.id, sizeof(parsed.id)) != 0) return "another flow";
  if (std::memcmp(&parsed.details, &expected.details, sizeof(parsed.details)) != 0) {
    return "other details";
  }
  if (parsed.fragment != (expected.fragment ? 1 : 0)) return "fragment is wrong";
  if (parsed.truncated != (expected.truncated ? 1 : 0)) return "truncated is wrong";
  constexpr uint32_t kMax = WEIR_MAX_PARSED_HEADERS;
  if (parsed.copied > (tunnels ? 2 * kMax + 2 : kMax)) return "too many steps";
  return "";
}

// Parses the packet copied, in place as in a kernel, in place as in user space, and split, and
// compares each result with the reference. Returns the first difference, or an empty string. The
// packet has at most PacketMemory::kMaxBytes.
template <typename Parse>
std::string CheckParser(std::string_view packet, const Splits& splits, const weir_tunnels& tunnels,
                        const ReferenceResult& expected, PacketMemory* memory, const Parse& parse) {
  // Exactly as long as the packet, so that AddressSanitizer sees a read beyond it.
  const std::unique_ptr<uint8_t[]> exact(new uint8_t[packet.size()]);
  std::copy(packet.begin(), packet.end(), exact.get());
  weir_packet_bytes bytes{};
  bytes.bytes = exact.get();
  bytes.size = static_cast<weir_u32>(packet.size());
  bytes.tunnels = tunnels;
  const bool looks_in = tunnels.vxlan_port != 0 || tunnels.geneve_port != 0 || tunnels.gre != 0 ||
                        tunnels.ip_in_ip != 0;
  const auto check = [&](size_t linear) -> std::string {
    const weir_parsed_packet parsed = ParseSplit(bytes, packet, linear, memory, parse);
    std::string wrong = Difference(parsed, expected, looks_in);
    if (wrong.empty() && linear == packet.size() && parsed.copied != 0) wrong = "not in place";
    if (wrong.empty()) return wrong;
    return std::to_string(linear) + " of " + std::to_string(packet.size()) +
           " bytes are linear: " + wrong;
  };
  for (const size_t linear : splits) {
    if (std::string wrong = check(linear); !wrong.empty()) return wrong;
  }
  std::string wrong = check(0);
  if (wrong.empty()) wrong = check(packet.size());
  if (!wrong.empty()) return wrong;
  bytes.in_place = 1;
  const weir_parsed_packet parsed = parse(bytes);
  wrong = parsed.copied == 0 ? Difference(parsed, expected, looks_in) : "copied";
  return wrong.empty() ? wrong : "in place in user space: " + wrong;
}

// Checks both parsers on one packet. `eth_protocol` is for the parser without a link layer.
inline std::string CheckParsers(std::string_view packet, const Splits& splits,
                                uint16_t eth_protocol, const weir_tunnels& tunnels,
                                PacketMemory* memory) {
  std::string wrong =
      CheckParser(packet, splits, tunnels, ReferenceParser::Ethernet(packet, tunnels), memory,
                  [](const auto& bytes) { return weir_parse_ethernet(&bytes); });
  if (!wrong.empty()) return "with Ethernet: " + wrong;
  wrong = CheckParser(
      packet, splits, tunnels, ReferenceParser::NoLinkLayer(packet, eth_protocol, tunnels), memory,
      [&](const auto& bytes) { return weir_parse_no_link_layer(&bytes, eth_protocol); });
  if (!wrong.empty()) return "without a link layer: " + wrong;
  return "";
}

// Checks both parsers without tunnels and with all tunnels looked into.
inline std::string CheckParsers(std::string_view packet, const Splits& splits,
                                uint16_t eth_protocol, PacketMemory* memory) {
  constexpr weir_tunnels kAll = {4789, 6081, 1, 1};
  std::string wrong = CheckParsers(packet, splits, eth_protocol, weir_tunnels{}, memory);
  if (!wrong.empty()) return wrong;
  wrong = CheckParsers(packet, splits, eth_protocol, kAll, memory);
  return wrong.empty() ? wrong : "in tunnels: " + wrong;
}

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_CHECK_PARSERS_H_
