// SPDX-License-Identifier: Apache-2.0
// Parses frames of wireless networks (IEEE 802.11), and the headers that capture tools add to them.
#ifndef WEIR_SOURCES_PCAP_LINKS_IEEE80211_H_
#define WEIR_SOURCES_PCAP_LINKS_IEEE80211_H_

#include "bpf/packet.h"
#include "sources/pcap/links/payload_parser.h"

namespace weir::pcap {

// Parses a frame from its frame control field. The MACs are the destination and the source address
// of IEEE 802.11-2020, table 9-30. A data frame has the flow of its payload. The EtherType is that
// of SNAP; it is 0 for other LLC, for encrypted, management and control frames, for frames without
// data and for later fragments, which have MACs only. Of an A-MSDU the first part is used.
// `padded`: the header is padded to a multiple of 4 bytes.
void ParseIeee80211(PacketBytes frame, bool padded, PayloadParser* parser, packet* fields);

// Parses a frame behind a radiotap header (radiotap.org).
void ParseRadiotap(PacketBytes packet_bytes, PayloadParser* parser, packet* fields);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_LINKS_IEEE80211_H_
