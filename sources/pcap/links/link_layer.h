// SPDX-License-Identifier: Apache-2.0
// Parses a captured packet into the fields of its flow, by the link type of the capture.
#ifndef WEIR_SOURCES_PCAP_LINKS_LINK_LAYER_H_
#define WEIR_SOURCES_PCAP_LINKS_LINK_LAYER_H_

#include <cstdint>

#include "bpf/flow.h"
#include "bpf/packet.h"
#include "bpf/packet_parser.h"
#include "sources/pcap/links/payload_parser.h"

namespace weir::pcap {

// The link types that weir knows.
enum class LinkLayer : uint8_t {
  kUnknown,
  kEthernet,
  kIp,            // IPv4 or IPv6 without a link header
  kLoopback,      // a BSD address family in 4 bytes: loopback and tunnels of BSD
  kLinuxCooked,   // SLL: captures of the Linux interface "any"
  kLinuxCooked2,  // SLL2: the same with an interface index
  kIeee80211,
  kRadiotap,  // IEEE 802.11 behind a radiotap header
  kPpi,       // Per-Packet Information: any link type, with its DLT_* in a header
  kPpp,
  kPppSerial,    // with HDLC-like framing
  kPppEthernet,  // a PPPoE session without its Ethernet header
  kPppd,         // with HDLC-like framing; the first byte is the direction
  kCiscoHdlc,
  kFrameRelay,
  // The same three with a direction byte in front.
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
  // `tunnels`: the tunnels to look into.
  explicit LinkParser(const weir_tunnels& tunnels = {}) : tunnels_(tunnels), parser_(tunnels) {}

  // Fills `fields`, which must be zero, except for time and size. Sets the MACs, the direction and
  // the interface index if the link header contains them. `swapped`: the capture was made on a
  // machine with the other byte order.
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
