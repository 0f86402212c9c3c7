// SPDX-License-Identifier: Apache-2.0
// An IP address as flow records carry it: 16 bytes, IPv4 as ::ffff:a.b.c.d.
#ifndef WEIR_CORE_RECORD_IP_ADDR_H_
#define WEIR_CORE_RECORD_IP_ADDR_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/record/constants.h"
#include "core/record/text.h"

namespace weir {

struct IpAddr {
  std::array<uint8_t, kIpLength> bytes;  // network order

  static IpAddr FromBytes(const uint8_t* sixteen) {
    IpAddr address{};
    std::memcpy(address.bytes.data(), sixteen, kIpLength);
    return address;
  }
  // `address` as a number in host order: 0x0A000001 is 10.0.0.1.
  static IpAddr FromV4(uint32_t address) {
    IpAddr result{};
    result.bytes[10] = result.bytes[11] = 0xff;
    for (int i = 0; i < 4; ++i) {
      result.bytes[12 + i] = static_cast<uint8_t>(address >> (24 - 8 * i));
    }
    return result;
  }

  bool IsV4() const {
    for (int i = 0; i < 10; ++i) {
      if (bytes[i] != 0) return false;
    }
    return bytes[10] == 0xff && bytes[11] == 0xff;
  }

  // The last four bytes as a number in host order: the IPv4 address if IsV4().
  uint32_t IntEncodeV4() const {
    return uint32_t{bytes[12]} << 24 | uint32_t{bytes[13]} << 16 | uint32_t{bytes[14]} << 8 |
           bytes[15];
  }

  // Dotted decimal for IPv4, RFC 5952 for all others.
  void AppendTo(std::string* out) const;
  std::string String() const {
    std::string text;
    AppendTo(&text);
    return text;
  }

  friend bool operator==(const IpAddr& a, const IpAddr& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const IpAddr& a, const IpAddr& b) { return !(a == b); }

 private:
  void AppendV4(std::string* out) const;
  void AppendV6(std::string* out) const;
};

static_assert(sizeof(IpAddr) == 16 && alignof(IpAddr) == 1);

inline void IpAddr::AppendTo(std::string* out) const { IsV4() ? AppendV4(out) : AppendV6(out); }

inline void IpAddr::AppendV4(std::string* out) const {
  for (int i = 12; i < 16; ++i) {
    if (i > 12) out->push_back('.');
    AppendNumber(unsigned{bytes[i]}, out);
  }
}

inline void IpAddr::AppendV6(std::string* out) const {
  constexpr int kGroups = 8;
  uint16_t group[kGroups];
  for (int i = 0; i < kGroups; ++i) {
    group[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  // RFC 5952 section 4.2: the first longest run of two or more zero groups.
  int run_start = -1;
  int run_length = 1;
  for (int i = 0; i < kGroups;) {
    int end = i;
    while (end < kGroups && group[end] == 0) ++end;
    if (end - i > run_length) {
      run_start = i;
      run_length = end - i;
    }
    i = end + 1;
  }
  for (int i = 0; i < kGroups; ++i) {
    if (i == run_start) {
      out->append("::");
      i += run_length - 1;
      continue;
    }
    if (i > 0 && i != run_start + run_length) out->push_back(':');
    AppendNumber(unsigned{group[i]}, out, 16);
  }
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_IP_ADDR_H_
