// SPDX-License-Identifier: Apache-2.0
// From a captured packet to the fields of its flow, by what the capture says of its link.
#ifndef WEIR_SOURCES_PCAP_LINKS_LINK_LAYER_H_
#define WEIR_SOURCES_PCAP_LINKS_LINK_LAYER_H_

#include <cstdint>
#include <vector>

#include "bpf/packet.h"
#include "bpf/packet_parser.h"

namespace weir::pcap {

// The kinds of link whose packets weir knows.
enum class LinkLayer {
  kUnknown,
  kEthernet,
  kIp,            // IPv4 or IPv6 and nothing before it
  kLoopback,      // a number of an address family: BSD's loopback, and tunnels of BSD's
  kLinuxCooked,   // what Linux gives for the interface "any": SLL
  kLinuxCooked2,  // SLL2, with an interface index
};

// `link_type` is a DLT_* of libpcap.
LinkLayer LinkLayerOf(int link_type);

// One thread.
class LinkParser {
 public:
  // Fills `fields`, which is zero before, but for time and size. Of a cooked packet
  // the sender's MAC is known, the direction, and with SLL2 the interface.
  void Parse(LinkLayer link, const uint8_t* bytes, uint32_t size, packet* fields) {
    if (link != LinkLayer::kEthernet) return ParseOther(link, bytes, size, fields);
    weir_packet_bytes frame{};
    frame.bytes = bytes;
    frame.size = size;
    weir_read_ethernet(&frame, fields);
  }

 private:
  void ParseOther(LinkLayer link, const uint8_t* bytes, uint32_t size, packet* fields);
  // `payload` of that type, as a frame from `source`, which has six bytes.
  void ParseCooked(uint16_t eth_protocol, const uint8_t* source, const weir_packet_bytes& payload,
                   packet* fields);

  std::vector<uint8_t> frame_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_LINKS_LINK_LAYER_H_
