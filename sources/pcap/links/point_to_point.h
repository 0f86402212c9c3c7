// SPDX-License-Identifier: Apache-2.0
// Parses frames of serial lines: PPP, Cisco HDLC and Frame Relay. They have no MACs.
#ifndef WEIR_SOURCES_PCAP_LINKS_POINT_TO_POINT_H_
#define WEIR_SOURCES_PCAP_LINKS_POINT_TO_POINT_H_

#include "bpf/packet.h"
#include "sources/pcap/links/payload_parser.h"

namespace weir::pcap {

// PPP (RFC 1661), with or without the address and control field of RFC 1662. Packets other than
// IPv4, IPv6 and MPLS have the EtherType of PPP, 0x880b.
void ParsePpp(PacketBytes frame, PayloadParser* parser, packet* fields);

// PPP with HDLC-like framing, or Cisco HDLC if the address field says so.
void ParsePppSerial(PacketBytes frame, PayloadParser* parser, packet* fields);

// Cisco HDLC: an address, a zero byte and an EtherType.
void ParseCiscoHdlc(PacketBytes frame, PayloadParser* parser, packet* fields);

// Frame Relay (ITU-T Q.922) with the encapsulation of RFC 2427, or with Cisco's, in which an
// EtherType follows the address. Other protocols have the EtherType 0.
void ParseFrameRelay(PacketBytes frame, PayloadParser* parser, packet* fields);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_LINKS_POINT_TO_POINT_H_
