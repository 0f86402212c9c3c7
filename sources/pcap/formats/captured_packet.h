// SPDX-License-Identifier: Apache-2.0
// A packet of a capture, and the interface at which it was captured.
#ifndef WEIR_SOURCES_PCAP_FORMATS_CAPTURED_PACKET_H_
#define WEIR_SOURCES_PCAP_FORMATS_CAPTURED_PACKET_H_

#include <cstdint>

#include "core/record/record.h"
#include "sources/pcap/links/link_layer.h"

namespace weir::pcap {

// A pcap file has one interface; a section of a pcapng file has any number.
struct CaptureInterface {
  int link_type = 0;  // a DLT_* of libpcap
  LinkLayer link = LinkLayer::kUnknown;
  // True if the capture was made on a machine with the other byte order.
  bool swapped = false;
  uint8_t time_resolution = 6;         // if_tsresol of pcapng
  uint32_t index = 0;                  // see InterfaceTable
  char name[kMaxInterfaceName + 1]{};  // as in a record; empty if the file has no name
  // True if the section has too many interfaces before this one. Nothing else is then known about
  // it.
  bool beyond_limit = false;
};

enum class PacketDirection : uint8_t { kUnknown, kInbound, kOutbound };

struct CapturedPacket {
  // Nanoseconds since 1970, at most INT64_MAX (in 2262); 0 if `has_time` is false. The 32-bit
  // seconds of a pcap file are unsigned, as its specification says, and end in 2106.
  uint64_t time_ns;
  uint32_t captured_bytes;            // that `bytes` contains
  uint32_t original_bytes;            // size of the packet on the wire
  const uint8_t* bytes;               // valid while the handler runs
  const CaptureInterface* interface;  // valid while the handler runs
  PacketDirection direction;
  // False for a Simple Packet Block, and for a time before 1970 or after 2262.
  bool has_time;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_CAPTURED_PACKET_H_
