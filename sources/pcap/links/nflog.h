// SPDX-License-Identifier: Apache-2.0
// Parses packets that Linux netfilter logs (NFLOG).
#ifndef WEIR_SOURCES_PCAP_LINKS_NFLOG_H_
#define WEIR_SOURCES_PCAP_LINKS_NFLOG_H_

#include "bpf/packet.h"
#include "sources/pcap/links/payload_parser.h"

namespace weir::pcap {

// Parses a header with attributes (include/uapi/linux/netfilter/nfnetlink_log.h) in the byte order
// of the capturing machine; `swapped` if that is not this machine's. The payload is a packet
// without a link header. A packet with only an output interface is egress. The interface index is
// that of the input interface, or of the output interface if there is no input.
void ParseNflog(PacketBytes message, bool swapped, PayloadParser* parser, packet* fields);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_LINKS_NFLOG_H_
