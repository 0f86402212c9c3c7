// SPDX-License-Identifier: Apache-2.0
// From a captured packet to the fields of its flow, by what the capture says of its link.
#ifndef WEIR_SOURCES_PCAP_LINKS_LINK_LAYER_H_
#define WEIR_SOURCES_PCAP_LINKS_LINK_LAYER_H_

#include <cstdint>

#include "bpf/flow.h"
#include "bpf/packet.h"
#include "bpf/packet_parser.h"
#include "sources/pcap/links/payload_parser.h"

namespace weir::pcap {

// The kinds of link whose packets weir knows.
enum class LinkLayer : uint8_t {
  kUnknown,
  kEthernet,
  kIp,            // IPv4 or IPv6 and nothing before it
  kLoopback,      // a number of an address family: BSD's loopback, and tunnels of BSD's
  kLinuxCooked,   // what Linux gives for the interface "any": SLL
  kLinuxCooked2,  // SLL2, with an interface index
  kIeee80211,
  kRadiotap,  // IEEE 802.11 behind a radiotap header
  kPpi,       // any link behind a header with the DLT_* (Per-Packet Information)
  kPpp,
  kPppSerial,    // in HDLC-like framing
  kPppEthernet,  // a session of PPPoE, without the Ethernet header
  kPppd,         // in HDLC-like framing, in which the first byte is the direction
  kCiscoHdlc,
  kFrameRelay,
  // These three with a byte in front that is the direction.
  kPppWithDirection,
  kCiscoHdlcWithDirection,
  kFrameRelayWithDirection,
  kNflog,
};

// `link_type` is a DLT_* of libpcap.
LinkLayer LinkLayerOf(int link_type);

// One thread.
class LinkParser {
 public:
  // `tunnels`: those that are looked into.
  explicit LinkParser(const weir_tunnels& tunnels = {}) : tunnels_(tunnels), parser_(tunnels) {}

  // Fills `fields`, which is zero before, but for time and size. Links that tell MACs, the
  // direction or the interface's index set these. `swapped`: the machine that captured has the
  // other byte order.
  void Parse(LinkLayer link, bool swapped, const uint8_t* bytes, uint32_t size, packet* fields) {
    if (link != LinkLayer::kEthernet) return ParseOther(link, swapped, {bytes, size}, fields);
    weir_packet_bytes frame{};
    frame.bytes = bytes;
    frame.size = size;
    frame.tunnels = tunnels_;
    weir_read_ethernet(&frame, fields);
  }

 private:
  void ParseOther(LinkLayer link, bool swapped, PacketBytes bytes, packet* fields);
  void ParseDirected(LinkLayer link, PacketBytes bytes, packet* fields);
  void ParsePpi(bool swapped, PacketBytes bytes, packet* fields);
  void ParseLoopback(PacketBytes bytes, packet* fields);
  void ParseCooked(PacketBytes bytes, packet* fields);
  void ParseCooked2(PacketBytes bytes, packet* fields);

  const weir_tunnels tunnels_;
  PayloadParser parser_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_LINKS_LINK_LAYER_H_
