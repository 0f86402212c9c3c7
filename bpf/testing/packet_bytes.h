// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Builds the bytes of packets for tests, and the flows of these packets.
#ifndef WEIR_BPF_TESTING_PACKET_BYTES_H_
#define WEIR_BPF_TESTING_PACKET_BYTES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bpf/flow.h"

namespace weir::ebpf {

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Bytes Be16(uint16_t value) {
  return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

inline const Bytes kDstMac = {0x02, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5};
inline const Bytes kSrcMac = {0x06, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5};
inline const Bytes kSrc4 = {10, 1, 2, 3};
inline const Bytes kDst4 = {192, 168, 254, 255};
inline const Bytes kSrc6 = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
inline const Bytes kDst6 = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0xff};
inline constexpr uint16_t kSrcPort = 0xc123;
inline constexpr uint16_t kDstPort = 0x01bb;

// An Ethernet header with tags: `types` are the EtherTypes of the tags and of the payload.
inline Bytes Ethernet(const std::vector<uint16_t>& types) {
  Bytes header = kDstMac + kSrcMac;
  for (size_t i = 0; i < types.size(); ++i) {
    header = header + (i == 0 ? Bytes() : Be16(static_cast<uint16_t>(0x2000 + i))) + Be16(types[i]);
  }
  return header;
}

// `fragment` is the field of flags and offset. The size of `options` is a multiple of 4 bytes.
inline Bytes Ipv4(uint8_t protocol, size_t payload, uint16_t fragment = 0,
                  const Bytes& options = {}) {
  const size_t header = 20 + options.size();
  return Bytes{static_cast<uint8_t>(0x40 | header / 4), 0} +
         Be16(static_cast<uint16_t>(header + payload)) + Be16(0x1234) + Be16(fragment) +
         Bytes{64, protocol, 0, 0} + kSrc4 + kDst4 + options;
}

inline Bytes Ipv6(uint8_t next_header, size_t payload) {
  return Bytes{0x60, 1, 2, 3} + Be16(static_cast<uint16_t>(payload)) + Bytes{next_header, 64} +
         kSrc6 + kDst6;
}

// An extension header. `length` is in units of 8 bytes, without the first 8. Its content must not
// be taken for ports.
inline Bytes Extension(uint8_t next_header, uint8_t length) {
  Bytes header((size_t{length} + 1) * 8, 0xee);
  header[0] = next_header;
  header[1] = length;
  return header;
}

inline Bytes Authentication(uint8_t next_header, uint8_t length) {
  Bytes header((size_t{length} + 2) * 4, 0xaa);
  header[0] = next_header;
  header[1] = length;
  return header;
}

// `offset` is in units of 8 bytes.
inline Bytes Fragment6(uint8_t next_header, uint16_t offset, bool more) {
  return Bytes{next_header, 0} + Be16(static_cast<uint16_t>(offset << 3 | (more ? 1 : 0))) +
         Bytes{1, 2, 3, 4};
}

// A transport header of `size` bytes that begins with the ports.
inline Bytes Transport(size_t size) {
  Bytes header = Be16(kSrcPort) + Be16(kDstPort);
  header.resize(size, 0x55);
  return header;
}

inline flow_id_t IdOf(uint16_t eth_protocol) {
  flow_id_t id{};
  id.eth_protocol = eth_protocol;
  std::copy(kSrcMac.begin(), kSrcMac.end(), id.src_mac);
  std::copy(kDstMac.begin(), kDstMac.end(), id.dst_mac);
  return id;
}

inline flow_id_t Id4(uint8_t protocol, bool ports) {
  flow_id_t id = IdOf(0x0800);
  id.src_ip[10] = id.src_ip[11] = id.dst_ip[10] = id.dst_ip[11] = 0xff;
  std::copy(kSrc4.begin(), kSrc4.end(), id.src_ip + 12);
  std::copy(kDst4.begin(), kDst4.end(), id.dst_ip + 12);
  id.transport_protocol = protocol;
  if (ports) {
    id.src_port = kSrcPort;
    id.dst_port = kDstPort;
  }
  return id;
}

inline flow_id_t Id6(uint8_t protocol, bool ports) {
  flow_id_t id = IdOf(0x86dd);
  std::copy(kSrc6.begin(), kSrc6.end(), id.src_ip);
  std::copy(kDst6.begin(), kDst6.end(), id.dst_ip);
  id.transport_protocol = protocol;
  if (ports) {
    id.src_port = kSrcPort;
    id.dst_port = kDstPort;
  }
  return id;
}

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_PACKET_BYTES_H_
