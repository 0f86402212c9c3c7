// SPDX-License-Identifier: Apache-2.0
// Parses what follows the link header, for all link types.
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

// The unread bytes of a packet.
class PacketBytes {
 public:
  PacketBytes(const uint8_t* data, uint32_t size) : data_(data), size_(size) {}

  const uint8_t* data() const { return data_; }
  uint32_t size() const { return size_; }
  uint8_t operator[](uint32_t i) const { return data_[i]; }
  bool Has(uint32_t size) const { return size <= size_; }
  // Removes `size` bytes, which must exist.
  void Take(uint32_t size) {
    data_ += size;
    size_ -= size;
  }

 private:
  const uint8_t* data_;
  uint32_t size_;
};

// Marks a packet whose link header is cut off.
inline void SetTruncated(packet* fields) { fields->notes |= PACKET_TRUNCATED; }

// One thread.
class PayloadParser {
 public:
  // `tunnels`: the tunnels to look into.
  explicit PayloadParser(const weir_tunnels& tunnels) : tunnels_(tunnels) {}

  static constexpr uint32_t kMacBytes = 6;

  // Parses a packet with this EtherType and these MACs. A MAC may be null.
  void Parse(uint16_t eth_protocol, const uint8_t* dst_mac, const uint8_t* src_mac,
             PacketBytes payload, packet* fields);
  // Parses a packet without MACs.
  void Parse(uint16_t eth_protocol, PacketBytes payload, packet* fields) {
    Parse(eth_protocol, nullptr, nullptr, payload, fields);
  }
  // Parses IPv4 or IPv6, by the first half byte. Anything else is marked as truncated and has no
  // EtherType.
  void ParseIp(PacketBytes payload, packet* fields);

  // For a packet of which only the MACs and the EtherType are known.
  static void SetLink(uint16_t eth_protocol, const uint8_t* dst_mac, const uint8_t* src_mac,
                      packet* fields);

 private:
  weir_packet_bytes Whole(const uint8_t* bytes, uint32_t size) const;

  const weir_tunnels tunnels_;
  std::vector<uint8_t> frame_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_LINKS_PAYLOAD_PARSER_H_
