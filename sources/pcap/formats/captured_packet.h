// SPDX-License-Identifier: Apache-2.0
// A packet as a capture has it, and the interface that it was captured at.
#ifndef WEIR_SOURCES_PCAP_FORMATS_CAPTURED_PACKET_H_
#define WEIR_SOURCES_PCAP_FORMATS_CAPTURED_PACKET_H_

#include <cstdint>

#include "core/record/record.h"
#include "sources/pcap/links/link_layer.h"

namespace weir::pcap {

// A pcap file has one interface. A section of a pcapng file has any number.
struct CaptureInterface {
  int link_type = 0;  // a DLT_* of libpcap
  LinkLayer link = LinkLayer::kUnknown;
  // True if the machine that captured has the other byte order than this one.
  bool swapped = false;
  uint8_t time_resolution = 6;         // if_tsresol of pcapng
  uint32_t index = 0;                  // see InterfaceTable
  char name[kMaxInterfaceName + 1]{};  // as in a record; empty if the file has none
  // True if the section has described too many interfaces before this one: nothing else is known
  // of it.
  bool beyond_limit = false;
};

enum class PacketDirection : uint8_t { kUnknown, kInbound, kOutbound };

struct CapturedPacket {
  // Nanoseconds since 1970, at most INT64_MAX (in 2262); 0 without `has_time`. The 32 bits of
  // seconds in a pcap file are unsigned, as its specification says, and reach until 2106.
  uint64_t time_ns;
  uint32_t captured_bytes;            // that can be read at `bytes`
  uint32_t original_bytes;            // that the packet had on the wire
  const uint8_t* bytes;               // valid while the packet is handed over
  const CaptureInterface* interface;  // likewise
  PacketDirection direction;
  // False for a Simple Packet Block, and for a time before 1970 or after 2262.
  bool has_time;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_CAPTURED_PACKET_H_
