// SPDX-License-Identifier: Apache-2.0
// An IP address as in a flow record: 16 bytes in network byte order, IPv4 as ::ffff:a.b.c.d.
#ifndef WEIR_CORE_RECORD_IP_ADDR_H_
#define WEIR_CORE_RECORD_IP_ADDR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/record/constants.h"
#include "core/record/text.h"

namespace weir {

// A value.
struct IpAddr {
  std::array<uint8_t, kIpLength> bytes;  // network byte order

  static IpAddr FromBytes(const uint8_t* sixteen) {
    IpAddr address{};
    std::memcpy(address.bytes.data(), sixteen, kIpLength);
    return address;
  }
  // `address` is a number in host byte order: 0x0A000001 is 10.0.0.1.
  static IpAddr FromV4(uint32_t address) {
    IpAddr result{};
    result.bytes[10] = result.bytes[11] = 0xff;
    for (int i = 0; i < 4; ++i) {
      result.bytes[12 + i] = static_cast<uint8_t>(address >> (24 - 8 * i));
    }
    return result;
  }

  bool IsV4() const {
    constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(bytes.data(), kMapped, sizeof(kMapped)) == 0;
  }

  // Returns the last four bytes as a number in host byte order: the IPv4 address if IsV4().
  uint32_t IntEncodeV4() const {
    return uint32_t{bytes[12]} << 24 | uint32_t{bytes[13]} << 16 | uint32_t{bytes[14]} << 8 |
           bytes[15];
  }

  // The longest text: eight groups of four digits.
  static constexpr size_t kMaxTextBytes = 39;
  // Writes dotted decimal for IPv4 and RFC 5952 for IPv6. Needs room for kMaxTextBytes +
  // kScratchBytes (text.h). Returns the end.
  char* WriteTo(char* to) const { return IsV4() ? WriteV4(to) : WriteV6(to); }
  std::string String() const {
    char text[kMaxTextBytes + kScratchBytes];
    return {text, WriteTo(text)};
  }

  friend bool operator==(const IpAddr& a, const IpAddr& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const IpAddr& a, const IpAddr& b) { return !(a == b); }

 private:
  char* WriteV4(char* to) const;
  char* WriteV6(char* to) const;
};

static_assert(sizeof(IpAddr) == 16 && alignof(IpAddr) == 1);

namespace internal {

// The groups of an IPv6 address that "::" replaces. `first` is 8 if there are none.
struct ZeroRun {
  uint8_t first = 8;
  uint8_t end = 8;
};

// Returns the first of the longest runs of two or more zero groups (RFC 5952, section 4.2). Bit i
// of `zero_groups` is set if group i is zero.
constexpr ZeroRun LongestZeroRun(unsigned zero_groups) {
  ZeroRun longest;
  int length = 1;
  for (int first = 0; first < 8; ++first) {
    int end = first;
    while (end < 8 && (zero_groups >> end & 1) != 0) ++end;
    if (end - first > length) {
      length = end - first;
      longest.first = static_cast<uint8_t>(first);
      longest.end = static_cast<uint8_t>(end);
    }
  }
  return longest;
}

constexpr std::array<ZeroRun, 256> ZeroRuns() {
  std::array<ZeroRun, 256> runs{};
  for (unsigned zero_groups = 0; zero_groups < runs.size(); ++zero_groups) {
    runs[zero_groups] = LongestZeroRun(zero_groups);
  }
  return runs;
}

inline constexpr std::array<ZeroRun, 256> kZeroRuns = ZeroRuns();

}  // namespace internal

inline char* IpAddr::WriteV4(char* to) const {
  for (size_t i = 12; i < 15; ++i) {
    to = WriteOctet(bytes[i], to);
    *to++ = '.';
  }
  return WriteOctet(bytes[15], to);
}

inline char* IpAddr::WriteV6(char* to) const {
  constexpr unsigned kGroups = 8;
  uint16_t group[kGroups];
  unsigned zero_groups = 0;
  for (unsigned i = 0; i < kGroups; ++i) {
    group[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    zero_groups |= static_cast<unsigned>(group[i] == 0) << i;
  }
  const internal::ZeroRun run = internal::kZeroRuns[zero_groups];
  for (unsigned i = 0; i < run.first; ++i) {
    to = WriteHex(group[i], to);
    *to++ = ':';
  }
  if (run.first == kGroups) return to - 1;  // no run: without the last colon
  // The group before the run has already written the first colon of "::".
  if (run.first == 0) *to++ = ':';
  *to++ = ':';
  for (unsigned i = run.end; i < kGroups; ++i) {
    to = WriteHex(group[i], to);
    *to++ = ':';
  }
  return run.end == kGroups ? to : to - 1;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_IP_ADDR_H_
