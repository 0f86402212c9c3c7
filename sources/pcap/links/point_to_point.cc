// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/links/point_to_point.h"

#include <cstdint>
#include <cstring>

#include "bpf/packet_parser.h"
#include "core/record/constants.h"

namespace weir::pcap {

namespace {

constexpr uint16_t kPppType = 0x880b;
constexpr uint16_t kMplsType = 0x8847;
constexpr uint16_t kMplsUpstreamType = 0x8848;
constexpr uint8_t kUnnumbered = 0x03;  // control field: unnumbered information
constexpr uint8_t kAllStations = 0xff;

// Returns the EtherType of a number in IANA's "PPP DLL Protocol Numbers".
uint16_t TypeOfPpp(uint16_t protocol) {
  switch (protocol) {
    case 0x0021:
      return kIpv4Type;
    case 0x0057:
      return kIpv6Type;
    case 0x0281:
      return kMplsType;
    case 0x0283:
      return kMplsUpstreamType;
    default:
      return kPppType;
  }
}

// RFC 2427, section 4.1: the SNAP header, behind its NLPID.
void ParseSnap(PacketBytes frame, PayloadParser* parser, packet* fields) {
  constexpr uint32_t kSnap = 5;
  if (!frame.Has(kSnap)) return SetTruncated(fields);
  const uint8_t* const organization = frame.data();
  const uint16_t protocol = Be16(frame.data() + 3);
  frame.Take(kSnap);
  if (std::memcmp(organization, "\0\0\0", 3) == 0) return parser->Parse(protocol, frame, fields);
  // A bridged Ethernet frame, with or without its checksum.
  if (std::memcmp(organization, "\0\x80\xc2", 3) == 0 && (protocol == 1 || protocol == 7)) {
    weir_packet_bytes ethernet{};
    ethernet.bytes = frame.data();
    ethernet.size = frame.size();
    weir_read_ethernet(&ethernet, fields);
  }
}

// Parses by the network layer protocol identifier (ISO/IEC TR 9577).
void ParseNlpid(PacketBytes frame, PayloadParser* parser, packet* fields) {
  if (frame.Has(1) && frame[0] == 0) frame.Take(1);  // padding
  if (!frame.Has(1)) return SetTruncated(fields);
  const uint8_t nlpid = frame[0];
  frame.Take(1);
  switch (nlpid) {
    case 0xcc:
      return parser->Parse(kIpv4Type, frame, fields);
    case 0x8e:
      return parser->Parse(kIpv6Type, frame, fields);
    case 0x80:
      return ParseSnap(frame, parser, fields);
    case 0xcf:
      return ParsePpp(frame, parser, fields);
    default:
      return;
  }
}

}  // namespace

void ParsePpp(PacketBytes frame, PayloadParser* parser, packet* fields) {
  if (!frame.Has(1) || (frame[0] == kAllStations && !frame.Has(2))) return SetTruncated(fields);
  if (frame[0] == kAllStations && frame[1] == kUnnumbered) frame.Take(2);
  if (!frame.Has(1)) return SetTruncated(fields);
  // If the first byte is odd, it is the whole number (RFC 1661, section 6.5).
  const uint32_t size = (frame[0] & 1) != 0 ? 1 : 2;
  if (!frame.Has(size)) return SetTruncated(fields);
  const uint16_t protocol = size == 1 ? frame[0] : Be16(frame.data());
  frame.Take(size);
  parser->Parse(TypeOfPpp(protocol), frame, fields);
}

void ParsePppSerial(PacketBytes frame, PayloadParser* parser, packet* fields) {
  constexpr uint8_t kCiscoUnicast = 0x0f;
  constexpr uint8_t kCiscoMulticast = 0x8f;
  if (frame.Has(1) && (frame[0] == kCiscoUnicast || frame[0] == kCiscoMulticast)) {
    return ParseCiscoHdlc(frame, parser, fields);
  }
  ParsePpp(frame, parser, fields);
}

void ParseCiscoHdlc(PacketBytes frame, PayloadParser* parser, packet* fields) {
  constexpr uint32_t kHeader = 4;
  if (!frame.Has(kHeader)) return SetTruncated(fields);
  const uint16_t eth_protocol = Be16(frame.data() + 2);
  frame.Take(kHeader);
  parser->Parse(eth_protocol, frame, fields);
}

void ParseFrameRelay(PacketBytes frame, PayloadParser* parser, packet* fields) {
  constexpr uint32_t kMaxAddress = 4;
  constexpr uint8_t kLast = 1;  // set in the last byte of an address
  uint32_t address = 0;
  while (address < kMaxAddress && frame.Has(address + 1) && (frame[address] & kLast) == 0) {
    ++address;
  }
  ++address;  // the byte with that bit
  if (address < 2 || address > kMaxAddress || !frame.Has(address + 2)) return SetTruncated(fields);
  frame.Take(address);
  if (frame[0] == kUnnumbered) {
    frame.Take(1);
    return ParseNlpid(frame, parser, fields);
  }
  const uint16_t eth_protocol = Be16(frame.data());
  frame.Take(2);
  parser->Parse(eth_protocol, frame, fields);
}

}  // namespace weir::pcap
