// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A second packet parser, written from the RFCs and not from bpf/parse.h. It consumes a view from
// the front and shortens it to the length that an IP header gives. It ignores the verifier and
// speed.
#ifndef WEIR_BPF_TESTING_REFERENCE_PARSER_H_
#define WEIR_BPF_TESTING_REFERENCE_PARSER_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
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
  // `tunnels` are the tunnels that are looked into.
  static ReferenceResult Ethernet(std::string_view packet, const weir_tunnels& tunnels = {}) {
    ReferenceParser parser(packet, 0, packet.size());
    parser.ReadEthernet();
    return parser.Within(tunnels);
  }
  static ReferenceResult NoLinkLayer(std::string_view packet, uint16_t eth_protocol,
                                     const weir_tunnels& tunnels = {}) {
    ReferenceParser parser(packet, 0, packet.size());
    parser.result_.id.eth_protocol = eth_protocol;
    if (eth_protocol >= kLeastType) parser.ReadLink(0);
    return parser.Within(tunnels);
  }

 private:
  // The limits of bpf/parse.h.
  static constexpr int kMostLinkHeaders = 16;
  static constexpr int kMostExtensions = 8;
  static constexpr size_t kDeepest = 0x7fff;
  // IEEE 802.3: a smaller number instead of the EtherType is the length of the frame.
  static constexpr uint16_t kLeastType = 1536;

  // `rest` begins at `position` in a packet of `whole` bytes.
  ReferenceParser(std::string_view rest, size_t position, size_t whole)
      : rest_(rest), position_(position), whole_(whole) {}

  ReferenceResult Within(const weir_tunnels& tunnels) {
    if (!at_payload_ || !OpenTunnel(tunnels)) return result_;
    const size_t first_header = carried_ == 0x6558                           ? 14
                                : carried_ == 0x0800                         ? 20
                                : carried_ == 0x86dd                         ? 40
                                : (carried_ == 0x8847 || carried_ == 0x8848) ? 4
                                                                             : 0;
    if (first_header == 0) return result_;
    if (!Has(first_header)) return CutOff();
    if (carried_ == 0x0800 && ByteAt(0) / 16 != 4) return CutOff();
    if (carried_ == 0x86dd && ByteAt(0) / 16 != 6) return CutOff();
    ReferenceParser inner(rest_, position_, whole_);
    if (carried_ == 0x6558) {
      inner.ReadEthernet();
      return inner.result_;
    }
    // Without its own Ethernet header, it keeps the MACs and the VLAN of the outer frame.
    std::copy_n(result_.id.src_mac, 6, inner.result_.id.src_mac);
    std::copy_n(result_.id.dst_mac, 6, inner.result_.id.dst_mac);
    inner.result_.details.vlan = result_.details.vlan;
    inner.result_.id.eth_protocol = carried_;
    inner.ReadLink(0);
    return inner.result_;
  }

  // Consumes the header of a tunnel and sets `carried_`. Returns false if there is none.
  bool OpenTunnel(const weir_tunnels& tunnels) {
    const uint8_t protocol = result_.id.transport_protocol;
    const uint16_t port = result_.id.dst_port;
    if (protocol == 4 || protocol == 41) {
      carried_ = protocol == 4 ? 0x0800 : 0x86dd;
      return tunnels.ip_in_ip != 0;
    }
    if (protocol == 47) return tunnels.gre != 0 && OpenGre();
    if (protocol != 17 || port == 0) return false;
    if (port == tunnels.vxlan_port) return OpenVxlan();
    return port == tunnels.geneve_port && OpenGeneve();
  }

  // RFC 7348: 8 bytes after UDP; the flag I says that there is an id.
  bool OpenVxlan() {
    Skip(8);
    if (!Has(8)) return !CutOff().truncated;
    const bool has_id = (ByteAt(0) / 8) % 2 == 1;
    carried_ = 0x6558;
    Skip(8);
    return has_id;
  }

  // RFC 8926: version 2 bits, length of the options 6 bits, O 1 bit (control), type 16 bits.
  bool OpenGeneve() {
    Skip(8);
    if (!Has(8)) return !CutOff().truncated;
    if (ByteAt(0) / 64 != 0 || ByteAt(1) / 128 == 1) return false;
    carried_ = Be16At(2);
    Skip(8 + size_t{4} * (ByteAt(0) % 64));
    return true;
  }

  // RFC 2784: bits C, K (RFC 2890) and S (RFC 2890) add 4 bytes each. R belongs to RFC 1701.
  bool OpenGre() {
    if (!Has(4)) return !CutOff().truncated;
    size_t size = 4;
    for (const int bit : {0, 2, 3}) size += ((ByteAt(0) << bit) & 0x80) != 0 ? 4 : 0;
    const bool routing = (ByteAt(0) & 0x40) != 0;
    const bool version_0 = ByteAt(1) % 8 == 0;
    carried_ = Be16At(2);
    Skip(size);
    return version_0 && !routing;
  }

  // Notes a header that is cut off or malformed.
  ReferenceResult CutOff() {
    result_.truncated = true;
    return result_;
  }

  void ReadEthernet() {
    if (!Has(14)) return void(CutOff());
    flow_id_t& id = result_.id;
    std::copy_n(rest_.begin(), 6, id.dst_mac);
    std::copy_n(rest_.begin() + 6, 6, id.src_mac);
    id.eth_protocol = Be16At(12);
    Skip(14);
    ReadLink(0);
  }

  // Reads what the last EtherType or length announces, after `headers` other link headers.
  void ReadLink(int headers) {
    const uint16_t type = result_.id.eth_protocol;
    if (type < kLeastType) {
      result_.id.eth_protocol = 0;
      Keep(type);
    }
    const auto read = type < kLeastType                    ? &ReferenceParser::ReadLlc
                      : type == 0x8100 || type == 0x88a8   ? &ReferenceParser::ReadTag
                      : type == 0x8864                     ? &ReferenceParser::ReadPppoe
                      : (type == 0x8847 || type == 0x8848) ? &ReferenceParser::ReadLabel
                                                           : nullptr;
    if (read == nullptr) return ReadNetwork();
    if (headers == kMostLinkHeaders) return void(CutOff());
    if ((this->*read)()) ReadLink(headers + 1);
  }

  // The next functions return false if nothing follows that can be read.

  bool ReadTag() {
    if (!Has(4)) return !CutOff().truncated;
    if (result_.details.vlan == 0) result_.details.vlan = WEIR_VLAN_PRESENT + Be16At(0) % 0x1000;
    result_.id.eth_protocol = Be16At(2);
    Skip(4);
    return true;
  }

  // IEEE 802.2, and SNAP with the EtherTypes of RFC 1042 and of 802.1H.
  bool ReadLlc() {
    if (!Has(3)) return !CutOff().truncated;
    if (rest_.substr(0, 3) != "\xaa\xaa\x03") return false;
    if (!Has(8)) return !CutOff().truncated;
    const std::string_view organization = rest_.substr(3, 3);
    const uint16_t type = Be16At(6);
    Skip(8);
    if (organization != std::string_view("\0\0\0", 3) &&
        organization != std::string_view("\0\0\xf8", 3)) {
      return false;
    }
    if (type < kLeastType) return false;
    result_.id.eth_protocol = type;
    return true;
  }

  // RFC 2516, session stage: version and type 1, code 0, session, length; then PPP, whose
  // protocol number ends with its first odd byte (RFC 1661).
  bool ReadPppoe() {
    if (!Has(8)) return !CutOff().truncated;
    if (Be16At(0) != 0x1100) return false;
    const size_t protocol_bytes = ByteAt(6) % 2 == 1 ? 1 : 2;
    const size_t payload_bytes = Be16At(4);
    if (payload_bytes < protocol_bytes) return !CutOff().truncated;
    const int protocol = protocol_bytes == 1 ? ByteAt(6) : Be16At(6);
    constexpr struct {
      int protocol;
      uint16_t type;
    } kTypes[] = {{0x21, 0x0800}, {0x57, 0x86dd}, {0x281, 0x8847}, {0x283, 0x8848}};
    for (const auto& known : kTypes) {
      if (known.protocol != protocol) continue;
      result_.id.eth_protocol = known.type;
      Keep(6 + payload_bytes);
      Skip(6 + protocol_bytes);
      return true;
    }
    return false;
  }

  // RFC 3032: label 20 bits, class 3, bottom of the stack 1, hops 8. The payload after the bottom
  // is IP if its first four bits are a version of IP.
  bool ReadLabel() {
    if (!Has(4)) return !CutOff().truncated;
    const bool bottom = ByteAt(2) % 2 == 1;
    Skip(4);
    if (!bottom) return true;
    if (!Has(1)) return !CutOff().truncated;
    const int version = ByteAt(0) / 16;
    if (version != 4 && version != 6) return false;
    result_.id.eth_protocol = version == 4 ? 0x0800 : 0x86dd;
    return true;
  }

  void ReadNetwork() {
    if (result_.id.eth_protocol == 0x0800) ReadIpv4();
    if (result_.id.eth_protocol == 0x86dd) ReadIpv6();
  }

  // RFC 791.
  void ReadIpv4() {
    if (!Has(20) || ByteAt(0) / 16 != 4) return void(CutOff());
    flow_id_t& id = result_.id;
    for (uint8_t* const address : {id.src_ip, id.dst_ip}) {
      std::fill_n(address + 10, 2, uint8_t{0xff});
      std::copy_n(rest_.begin() + (address == id.src_ip ? 12 : 16), 4, address + 12);
    }
    id.transport_protocol = ByteAt(9);
    SetDscp(ByteAt(1));
    const size_t header = size_t{4} * (ByteAt(0) % 16);
    if (Be16At(6) % 0x2000 != 0) {
      result_.fragment = true;
      return;
    }
    if (header < 20) return void(CutOff());
    if (const size_t total = Be16At(2); total != 0) Keep(total);
    Skip(header);
    // The header of RFC 4302 is the same in both versions of IP.
    for (int headers = 0; id.transport_protocol == 51; ++headers) {
      if (headers == kMostExtensions || !Has(4) || ByteAt(1) == 0) return void(CutOff());
      id.transport_protocol = ByteAt(0);
      Skip(AuthenticationBytes());
    }
    ReadTransport(1);
  }

  // RFC 8200. The payload length is 0 in a jumbogram (RFC 2675), and if the length of the packet
  // needs more than 16 bits.
  void ReadIpv6() {
    if (!Has(40) || ByteAt(0) / 16 != 6) return void(CutOff());
    flow_id_t& id = result_.id;
    std::copy_n(rest_.begin() + 8, 16, id.src_ip);
    std::copy_n(rest_.begin() + 24, 16, id.dst_ip);
    SetDscp(static_cast<uint8_t>(Be16At(0) >> 4));
    const size_t payload = Be16At(4);
    id.transport_protocol = ByteAt(6);
    Skip(40);
    const bool jumbo = payload == 0 && (id.transport_protocol == 0 || whole_ > 65535);
    if (!jumbo) Keep(payload);
    for (int extensions = 0; IsExtension(id.transport_protocol); ++extensions) {
      if (extensions == kMostExtensions || !Has(4)) return void(CutOff());
      if (!ReadExtension()) return;
    }
    ReadTransport(58);
  }

  // Returns false if no other header follows.
  bool ReadExtension() {
    uint8_t& type = result_.id.transport_protocol;
    const uint8_t before = type;
    const uint8_t next = ByteAt(0);
    // RFC 4302: at least 12 bytes; the length 1 means 12.
    if (before == 51 && ByteAt(1) == 0) return !CutOff().truncated;
    // Mobility, HIP and shim6: if 59 follows, the message itself is the payload.
    const bool carries_a_message = before == 135 || before == 139 || before == 140;
    if (carries_a_message && next == 59) return false;
    type = next;
    if (before == 44) {
      result_.fragment = Be16At(2) / 8 != 0;
      Skip(8);
      return !result_.fragment;
    }
    Skip(before == 51 ? AuthenticationBytes() : 8 + size_t{8} * ByteAt(1));
    return true;
  }

  size_t AuthenticationBytes() const { return 4 * (size_t{ByteAt(1)} + 2); }

  void SetDscp(uint8_t traffic_class) {
    result_.details.dscp = traffic_class / 4;
    result_.details.flags |= WEIR_FLOW_HAS_DSCP;
  }

  void ReadTransport(uint8_t icmp) {
    const uint8_t protocol = result_.id.transport_protocol;
    if (protocol == icmp) {
      if (!Has(2)) return void(CutOff());
      result_.details.icmp_type = ByteAt(0);
      result_.details.icmp_code = ByteAt(1);
      result_.details.flags |= WEIR_FLOW_HAS_ICMP;
      return;
    }
    constexpr uint8_t kWithPorts[] = {6, 17, 33, 132, 136};
    at_payload_ = std::count(std::begin(kWithPorts), std::end(kWithPorts), protocol) == 0;
    if (at_payload_) return;
    if (!Has(4)) return void(CutOff());
    result_.id.src_port = Be16At(0);
    result_.id.dst_port = Be16At(2);
    at_payload_ = protocol == 17;
    if (protocol != 6) return;
    if (!Has(16)) return void(CutOff());
    result_.details.tcp_flags = Be16At(12) % 0x1000;
    // With ACK, FIN also sets bit 12, SYN bit 13 and RST bit 14.
    if (Be16At(12) & 0x10) {
      result_.details.tcp_flags |= static_cast<uint16_t>(Be16At(12) % 8 * 0x1000);
    }
    result_.details.flags |= WEIR_FLOW_HAS_TCP;
  }

  static bool IsExtension(uint8_t type) {
    constexpr uint8_t kExtensions[] = {0, 43, 44, 51, 60, 135, 139, 140};
    return std::count(std::begin(kExtensions), std::end(kExtensions), type) != 0;
  }

  // True if a header of that size begins here.
  bool Has(size_t bytes) const { return rest_.size() >= bytes && position_ <= kDeepest; }
  void Skip(size_t bytes) {
    rest_.remove_prefix(std::min(bytes, rest_.size()));
    position_ += bytes;
  }
  // Ends the rest after at most `bytes` bytes.
  void Keep(size_t bytes) { rest_ = rest_.substr(0, bytes); }

  uint8_t ByteAt(size_t at) const { return static_cast<uint8_t>(rest_[at]); }
  uint16_t Be16At(size_t at) const {
    return static_cast<uint16_t>(ByteAt(at) * 256 + ByteAt(at + 1));
  }

  std::string_view rest_;
  size_t position_;
  size_t whole_;
  bool at_payload_ = false;  // the view begins with UDP or with another payload of IP
  uint16_t carried_ = 0;     // the EtherType of the carried packet
  ReferenceResult result_;
};

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_REFERENCE_PARSER_H_
