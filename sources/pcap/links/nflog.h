// SPDX-License-Identifier: Apache-2.0
// Packets that Linux' netfilter logs (NFLOG).
#ifndef WEIR_SOURCES_PCAP_LINKS_NFLOG_H_
#define WEIR_SOURCES_PCAP_LINKS_NFLOG_H_

#include "bpf/packet.h"
#include "sources/pcap/links/payload_parser.h"

namespace weir::pcap {

// A header and attributes (include/uapi/linux/netfilter/nfnetlink_log.h), in the byte order of
// the machine that captured: `swapped` if it is not that of this one. The payload is a packet
// without a header of a link. A packet that has only an output interface is egress. The
// interface's index is the input's, or else the output's.
void ParseNflog(PacketBytes message, bool swapped, PayloadParser* parser, packet* fields);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_LINKS_NFLOG_H_
