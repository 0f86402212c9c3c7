// SPDX-License-Identifier: Apache-2.0
// What is behind the header of a link, for the parser that all links share.
#ifndef WEIR_SOURCES_PCAP_LINKS_PAYLOAD_PARSER_H_
#define WEIR_SOURCES_PCAP_LINKS_PAYLOAD_PARSER_H_

#include <cstdint>
#include <vector>

#include "bpf/flow.h"
#include "bpf/packet.h"
#include "bpf/packet_parser.h"

namespace weir::pcap {

inline uint16_t Be16(const uint8_t* bytes) {
  return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
}
inline uint32_t Be32(const uint8_t* bytes) {
  return static_cast<uint32_t>(Be16(bytes)) << 16 | Be16(bytes + 2);
}
inline uint16_t Le16(const uint8_t* bytes) {
  return static_cast<uint16_t>(bytes[0] | bytes[1] << 8);
}
inline uint32_t Le32(const uint8_t* bytes) {
  return static_cast<uint32_t>(Le16(bytes)) | static_cast<uint32_t>(Le16(bytes + 2)) << 16;
}

// The bytes of a packet that have not been read.
class PacketBytes {
 public:
  PacketBytes(const uint8_t* data, uint32_t size) : data_(data), size_(size) {}

  const uint8_t* data() const { return data_; }
  uint32_t size() const { return size_; }
  uint8_t operator[](uint32_t i) const { return data_[i]; }
  bool Has(uint32_t size) const { return size <= size_; }
  // Of bytes that it has.
  void Take(uint32_t size) {
    data_ += size;
    size_ -= size;
  }

 private:
  const uint8_t* data_;
  uint32_t size_;
};

// A packet whose header of the link is cut off.
inline void SetTruncated(packet* fields) { fields->notes |= PACKET_TRUNCATED; }

// One thread.
class PayloadParser {
 public:
  // `tunnels`: those that are looked into.
  explicit PayloadParser(const weir_tunnels& tunnels) : tunnels_(tunnels) {}

  static constexpr uint32_t kMacBytes = 6;

  // A packet of that EtherType, with the MACs in front of it. Either may be null: it has none.
  void Parse(uint16_t eth_protocol, const uint8_t* dst_mac, const uint8_t* src_mac,
             PacketBytes payload, packet* fields);
  // A packet without MACs.
  void Parse(uint16_t eth_protocol, PacketBytes payload, packet* fields) {
    Parse(eth_protocol, nullptr, nullptr, payload, fields);
  }
  // IPv4 or IPv6, by the first half byte. Anything else counts as truncated, with no EtherType.
  void ParseIp(PacketBytes payload, packet* fields);

  // For a packet of which nothing but the MACs and the EtherType can be known.
  static void SetLink(uint16_t eth_protocol, const uint8_t* dst_mac, const uint8_t* src_mac,
                      packet* fields);

 private:
  weir_packet_bytes Whole(const uint8_t* bytes, uint32_t size) const;

  const weir_tunnels tunnels_;
  std::vector<uint8_t> frame_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_LINKS_PAYLOAD_PARSER_H_
