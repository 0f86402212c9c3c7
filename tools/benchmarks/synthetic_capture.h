// SPDX-License-Identifier: Apache-2.0
// A capture made up packet by packet, the same bytes every time.
#ifndef WEIR_TOOLS_BENCHMARKS_SYNTHETIC_CAPTURE_H_
#define WEIR_TOOLS_BENCHMARKS_SYNTHETIC_CAPTURE_H_

#include <cstdint>
#include <string>

#include "plugins/sdk/status.h"

namespace weir::benchmarks {

struct SyntheticCapture {
  uint32_t packets = 0;
  // Of two addresses, protocol and two ports; each sends in both directions. Of ten, seven
  // are of IPv4, and seven of TCP, two of UDP, one of ICMP. A tenth of them has half of the
  // packets.
  uint32_t conversations = 0;
  // Bytes of each packet that are in the file; the rest is missing, as tcpdump -s does it.
  uint32_t snap_length = 65'535;
};

// What is in it.
struct CaptureContents {
  uint64_t packets = 0;
  uint64_t bytes = 0;  // on the wire, with Ethernet headers
  uint64_t flows = 0;  // each direction of a conversation that has a packet
};

// Writes it as a pcap file with times in microseconds, a packet every 100 of them. Sizes
// are of 54 to 1514 bytes: half small, three tenths of the largest, the rest between.
sdk::Result<CaptureContents> WriteCapture(const SyntheticCapture& capture, const std::string& path);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_SYNTHETIC_CAPTURE_H_
