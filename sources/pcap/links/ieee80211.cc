// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/links/ieee80211.h"

#include <cstdint>
#include <cstring>

namespace weir::pcap {

namespace {

// The frame control field, little-endian: flags are in the high byte (IEEE 802.11-2020, section
// 9.2.4.1).
enum FrameType { kManagement = 0, kControl = 1, kData = 2 };
constexpr uint16_t kToDs = 0x0100;
constexpr uint16_t kFromDs = 0x0200;
constexpr uint16_t kProtected = 0x4000;
constexpr uint16_t kOrder = 0x8000;
constexpr uint16_t kNoData = 0x0040;  // among the subtypes of data frames
constexpr uint16_t kQos = 0x0080;
constexpr uint16_t kAMsdu = 0x0080;  // in the QoS control field

constexpr uint32_t kAddress1 = 4;
constexpr uint32_t kAddress2 = 10;
constexpr uint32_t kAddress3 = 16;
constexpr uint32_t kSequence = 22;
constexpr uint32_t kAddress4 = 24;
constexpr uint32_t kMac = PayloadParser::kMacBytes;
constexpr uint32_t kSnapBytes = 8;
constexpr uint32_t kSubframeHeader = 14;

struct DataHeader {
  const uint8_t* dst;
  const uint8_t* src;
  uint32_t size;
};

// For a data frame that contains its first three addresses.
DataHeader ReadDataHeader(PacketBytes frame, uint16_t control) {
  const bool to_ds = (control & kToDs) != 0;
  const bool from_ds = (control & kFromDs) != 0;
  DataHeader header{};
  header.dst = frame.data() + (to_ds ? kAddress3 : kAddress1);
  header.src = frame.data() + (!from_ds ? kAddress2 : to_ds ? kAddress4 : kAddress3);
  header.size = to_ds && from_ds ? kAddress4 + kMac : kAddress4;
  return header;
}

// RFC 1042, and the bridge tunnel of IEEE 802.1H.
bool IsSnap(const uint8_t* bytes) {
  return std::memcmp(bytes, "\xaa\xaa\x03\0\0\0", 6) == 0 ||
         std::memcmp(bytes, "\xaa\xaa\x03\0\0\xf8", 6) == 0;
}

void ParseLlc(PacketBytes bytes, const uint8_t* dst, const uint8_t* src, PayloadParser* parser,
              packet* fields) {
  if (bytes.Has(kSnapBytes) && IsSnap(bytes.data())) {
    const uint16_t eth_protocol = Be16(bytes.data() + 6);
    bytes.Take(kSnapBytes);
    parser->Parse(eth_protocol, dst, src, bytes, fields);
    return;
  }
  PayloadParser::SetLink(0, dst, src, fields);
  if (!bytes.Has(kSnapBytes)) SetTruncated(fields);
}

void ParseDataFrame(PacketBytes frame, uint16_t control, bool padded, PayloadParser* parser,
                    packet* fields) {
  if (!frame.Has(kAddress4)) return SetTruncated(fields);
  DataHeader header = ReadDataHeader(frame, control);
  if (!frame.Has(header.size)) return SetTruncated(fields);
  bool is_a_msdu = false;
  if ((control & kQos) != 0) {
    is_a_msdu = frame.Has(header.size + 2) && (Le16(frame.data() + header.size) & kAMsdu) != 0;
    header.size += (control & kOrder) != 0 ? 6 : 2;  // HT control
  }
  if (padded) header.size = (header.size + 3) & ~uint32_t{3};
  PayloadParser::SetLink(0, header.dst, header.src, fields);
  if ((control & (kNoData | kProtected)) != 0) return;
  if ((Le16(frame.data() + kSequence) & 0xf) != 0) {
    fields->notes |= PACKET_FRAGMENT;
    return;
  }
  if (!frame.Has(header.size)) return SetTruncated(fields);
  frame.Take(header.size);
  if (is_a_msdu) {
    if (!frame.Has(kSubframeHeader)) return SetTruncated(fields);
    header.dst = frame.data();
    header.src = frame.data() + kMac;
    frame.Take(kSubframeHeader);
  }
  ParseLlc(frame, header.dst, header.src, parser, fields);
}

// Control frames with a second address: all except CTS and ACK.
bool HasTransmitter(uint16_t control) {
  const int subtype = control >> 4 & 0xf;
  return subtype != 12 && subtype != 13;
}

}  // namespace

void ParseIeee80211(PacketBytes frame, bool padded, PayloadParser* parser, packet* fields) {
  if (!frame.Has(2)) return SetTruncated(fields);
  const uint16_t control = Le16(frame.data());
  if ((control & 3) != 0) return SetTruncated(fields);  // an unknown version
  const int type = control >> 2 & 3;
  if (type == kData) return ParseDataFrame(frame, control, padded, parser, fields);
  if (type != kManagement && type != kControl) return;
  if (!frame.Has(kAddress2)) return SetTruncated(fields);
  const bool has_source = type == kManagement || HasTransmitter(control);
  if (has_source && !frame.Has(kAddress3)) return SetTruncated(fields);
  PayloadParser::SetLink(0, frame.data() + kAddress1,
                         has_source ? frame.data() + kAddress2 : nullptr, fields);
}

void ParseRadiotap(PacketBytes packet_bytes, PayloadParser* parser, packet* fields) {
  constexpr uint32_t kHeader = 8;
  constexpr uint32_t kPresent = 4;
  constexpr uint32_t kHasTime = 1 << 0;  // 8 bytes, aligned
  constexpr uint32_t kHasFlags = 1 << 1;
  constexpr uint32_t kMorePresent = 1u << 31;
  constexpr uint8_t kPadded = 0x20;
  const uint8_t* const bytes = packet_bytes.data();
  if (!packet_bytes.Has(kHeader)) return SetTruncated(fields);
  const uint32_t size = Le16(bytes + 2);
  if (size < kHeader || !packet_bytes.Has(size)) return SetTruncated(fields);
  const uint32_t present = Le32(bytes + kPresent);
  uint32_t at = kPresent;
  while (at + 4 <= size && (Le32(bytes + at) & kMorePresent) != 0) at += 4;
  at += 4;
  if ((present & kHasTime) != 0) at = ((at + 7) & ~uint32_t{7}) + 8;
  const bool padded = (present & kHasFlags) != 0 && at < size && (bytes[at] & kPadded) != 0;
  packet_bytes.Take(size);
  ParseIeee80211(packet_bytes, padded, parser, fields);
}

}  // namespace weir::pcap
