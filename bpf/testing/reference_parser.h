// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the parser of the BPF programs has to find, said a second time and in another
// way: over a view of all bytes, without a thought for a verifier or for speed.
#ifndef WEIR_BPF_TESTING_REFERENCE_PARSER_H_
#define WEIR_BPF_TESTING_REFERENCE_PARSER_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "bpf/flow.h"

namespace weir::ebpf {

struct ReferenceResult {
  flow_id_t id{};            // without direction and if_index
  flow_details_t details{};  // without namespace_id
  bool fragment = false;
  bool truncated = false;
};

class ReferenceParser {
 public:
  // `vxlan_port`: what is carried by VXLAN in UDP to that port is looked at instead; 0:
  // none is.
  static ReferenceResult Ethernet(std::string_view packet, uint16_t vxlan_port = 0) {
    ReferenceParser parser(packet);
    if (!parser.ReadEthernet()) parser.result_.truncated = true;
    return parser.Within(vxlan_port);
  }
  static ReferenceResult NoLinkLayer(std::string_view packet, uint16_t eth_protocol,
                                     uint16_t vxlan_port = 0) {
    ReferenceParser parser(packet);
    parser.result_.id.eth_protocol = eth_protocol;
    if (!parser.ReadNetwork()) parser.result_.truncated = true;
    return parser.Within(vxlan_port);
  }

 private:
  explicit ReferenceParser(std::string_view rest) : rest_(rest) {}

  ReferenceResult Within(uint16_t vxlan_port) const {
    if (vxlan_port == 0 || result_.id.transport_protocol != 17 ||
        result_.id.dst_port != vxlan_port) {
      return result_;
    }
    const std::string_view vxlan = rest_.substr(std::min(rest_.size(), transport_ + 8));
    const bool has_id = !vxlan.empty() && (static_cast<uint8_t>(vxlan[0]) / 8) % 2 != 0;
    if (vxlan.size() >= 8 && !has_id) return result_;
    if (vxlan.size() >= 8 + 14) return Ethernet(vxlan.substr(8));
    ReferenceResult cut_off = result_;
    cut_off.truncated = true;
    return cut_off;
  }

  // All of these return false for a header that is cut off or makes no sense.

  bool ReadEthernet() {
    if (rest_.size() < 14) return false;
    flow_id_t& id = result_.id;
    std::copy_n(rest_.begin(), 6, id.dst_mac);
    std::copy_n(rest_.begin() + 6, 6, id.src_mac);
    id.eth_protocol = Be16At(12);
    rest_.remove_prefix(14);
    for (int tags = 0; IsTag(id.eth_protocol); ++tags) {
      if (tags == 4 || rest_.size() < 4) return false;
      if (tags == 0) result_.details.vlan = WEIR_VLAN_PRESENT + Be16At(0) % 0x1000;
      id.eth_protocol = Be16At(2);
      rest_.remove_prefix(4);
    }
    return ReadNetwork();
  }

  bool ReadNetwork() {
    if (result_.id.eth_protocol == 0x0800) return ReadIpv4();
    if (result_.id.eth_protocol == 0x86dd) return ReadIpv6();
    return true;
  }

  bool ReadIpv4() {
    if (rest_.size() < 20 || (ByteAt(0) & 0xf0) != 0x40) return false;
    flow_id_t& id = result_.id;
    for (uint8_t* const address : {id.src_ip, id.dst_ip}) {
      std::fill_n(address + 10, 2, uint8_t{0xff});
      std::copy_n(rest_.begin() + (address == id.src_ip ? 12 : 16), 4, address + 12);
    }
    id.transport_protocol = ByteAt(9);
    SetDscp(ByteAt(1));
    if (Be16At(6) % 0x2000 != 0) {
      result_.fragment = true;
      return true;
    }
    const size_t length = size_t{4} * (ByteAt(0) % 16);
    return length >= 20 && ReadTransportAt(length);
  }

  bool ReadIpv6() {
    if (rest_.size() < 40 || (ByteAt(0) & 0xf0) != 0x60) return false;
    flow_id_t& id = result_.id;
    std::copy_n(rest_.begin() + 8, 16, id.src_ip);
    std::copy_n(rest_.begin() + 24, 16, id.dst_ip);
    SetDscp(static_cast<uint8_t>(Be16At(0) >> 4));
    uint8_t type = ByteAt(6);
    size_t at = 40;
    for (int extensions = 0; SizeOfExtension(type, 0).has_value(); ++extensions) {
      if (extensions == 8 || rest_.size() < at + 4) return false;
      const uint8_t next = ByteAt(at);
      if (type == 44 && Be16At(at + 2) >= 8) {
        id.transport_protocol = next;
        result_.fragment = true;
        return true;
      }
      at += *SizeOfExtension(type, ByteAt(at + 1));
      type = next;
    }
    id.transport_protocol = type;
    return ReadTransportAt(at);
  }

  void SetDscp(uint8_t traffic_class) {
    result_.details.dscp = traffic_class / 4;
    result_.details.flags |= WEIR_FLOW_HAS_DSCP;
  }

  bool ReadTransportAt(size_t at) {
    const uint8_t protocol = result_.id.transport_protocol;
    const bool ipv4 = result_.id.eth_protocol == 0x0800;
    if (protocol == (ipv4 ? 1 : 58)) {
      if (rest_.size() < at + 2) return false;
      result_.details.icmp_type = ByteAt(at);
      result_.details.icmp_code = ByteAt(at + 1);
      result_.details.flags |= WEIR_FLOW_HAS_ICMP;
      return true;
    }
    if (!ReadPortsAt(at)) return false;
    if (protocol != 6) return true;
    if (rest_.size() < at + 16) return false;
    result_.details.tcp_flags = Be16At(at + 12) % 0x1000;
    result_.details.flags |= WEIR_FLOW_HAS_TCP;
    return true;
  }

  bool ReadPortsAt(size_t at) {
    constexpr std::string_view kWithPorts = "\x06\x11\x21\x84\x88";
    if (kWithPorts.find(static_cast<char>(result_.id.transport_protocol)) ==
        std::string_view::npos) {
      return true;
    }
    if (rest_.size() < at + 4) return false;
    result_.id.src_port = Be16At(at);
    result_.id.dst_port = Be16At(at + 2);
    transport_ = at;
    return true;
  }

  static bool IsTag(uint16_t type) { return type == 0x8100 || type == 0x88a8; }

  static std::optional<size_t> SizeOfExtension(uint8_t type, uint8_t length) {
    if (type == 44) return 8;
    if (type == 51) return 4 * (size_t{length} + 2);
    constexpr uint8_t kInEights[] = {0, 43, 60, 135, 139, 140};
    if (std::count(std::begin(kInEights), std::end(kInEights), type) == 0) return std::nullopt;
    return 8 * (size_t{length} + 1);
  }

  uint8_t ByteAt(size_t at) const { return static_cast<uint8_t>(rest_[at]); }
  uint16_t Be16At(size_t at) const {
    return static_cast<uint16_t>(ByteAt(at) * 256 + ByteAt(at + 1));
  }

  std::string_view rest_;
  size_t transport_ = 0;  // where the header with the ports begins in it
  ReferenceResult result_;
};

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_REFERENCE_PARSER_H_
