// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/links/nflog.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/record/constants.h"

namespace weir::pcap {

namespace {

// enum nfulnl_attr_type.
enum Attribute : uint16_t {
  kPacketHeader = 1,
  kInputIndex = 4,
  kOutputIndex = 5,
  kHardwareAddress = 8,
  kPayload = 9,
};
constexpr uint16_t kTypeMask = 0x3fff;  // NLA_TYPE_MASK
constexpr uint8_t kFamilyInet = 2;
constexpr uint8_t kFamilyInet6 = 10;  // AF_INET6 of Linux
constexpr uint32_t kHeader = 4;
constexpr uint32_t kAttributeHeader = 4;

struct Message {
  uint16_t protocol = 0;  // an EtherType
  uint32_t input = 0;
  uint32_t output = 0;
  const uint8_t* src_mac = nullptr;
  PacketBytes payload{nullptr, 0};
  bool has_payload = false;
};

uint16_t U16(const uint8_t* bytes, bool swapped) {
  uint16_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return swapped ? __builtin_bswap16(value) : value;
}

void ReadAttribute(uint16_t type, PacketBytes value, Message* message) {
  switch (type & kTypeMask) {
    case kPacketHeader:
      if (value.Has(2)) message->protocol = Be16(value.data());
      break;
    case kInputIndex:
      if (value.Has(4)) message->input = Be32(value.data());
      break;
    case kOutputIndex:
      if (value.Has(4)) message->output = Be32(value.data());
      break;
    case kHardwareAddress:
      // Its length, two unused bytes, and the address.
      if (value.Has(4 + PayloadParser::kMacBytes) &&
          Be16(value.data()) == PayloadParser::kMacBytes) {
        message->src_mac = value.data() + 4;
      }
      break;
    case kPayload:
      message->payload = value;
      message->has_payload = true;
      break;
    default:
      break;
  }
}

// Of a cut-off last attribute, the bytes that exist are used.
Message ReadMessage(PacketBytes bytes, bool swapped) {
  Message message;
  while (bytes.Has(kAttributeHeader)) {
    const uint32_t size = U16(bytes.data(), swapped);
    const uint16_t type = U16(bytes.data() + 2, swapped);
    if (size < kAttributeHeader) break;
    const uint32_t there = std::min(size, bytes.size());
    ReadAttribute(type, {bytes.data() + kAttributeHeader, there - kAttributeHeader}, &message);
    bytes.Take(std::min((size + 3) & ~uint32_t{3}, bytes.size()));
  }
  return message;
}

}  // namespace

void ParseNflog(PacketBytes message, bool swapped, PayloadParser* parser, packet* fields) {
  if (!message.Has(kHeader)) return SetTruncated(fields);
  const uint8_t family = message[0];
  message.Take(kHeader);
  const Message read = ReadMessage(message, swapped);
  fields->if_index = read.input != 0 ? read.input : read.output;
  fields->direction = read.input == 0 && read.output != 0 ? kDirectionEgress : kDirectionIngress;
  if (!read.has_payload) return SetTruncated(fields);
  uint16_t protocol = read.protocol;
  if (family == kFamilyInet) protocol = kIpv4Type;
  if (family == kFamilyInet6) protocol = kIpv6Type;
  if (protocol == 0) return parser->ParseIp(read.payload, fields);
  parser->Parse(protocol, nullptr, read.src_mac, read.payload, fields);
}

}  // namespace weir::pcap
