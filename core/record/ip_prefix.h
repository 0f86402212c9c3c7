// SPDX-License-Identifier: Apache-2.0
// A range of IP addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3).
#ifndef WEIR_CORE_RECORD_IP_PREFIX_H_
#define WEIR_CORE_RECORD_IP_PREFIX_H_

#include <arpa/inet.h>
#include <sys/socket.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "core/record/constants.h"
#include "core/record/ip_addr.h"

namespace weir {

// All addresses that begin with the same bits. A value.
struct IpPrefix {
  IpAddr address;  // the first address
  int length = 0;  // the number of common bits of IpAddr, of 128: for IPv4, the written length + 96

  // Parses "10.0.0.0/8", "fd00::/8", or one address, which is a range of one. Clears the bits
  // behind the length ("192.0.2.7/24"). Returns nothing for other text, such as one with spaces, a
  // zone or a length with leading zeros.
  static std::optional<IpPrefix> Parse(std::string_view text);

  // True for ::ffff:0:0/96 and the ranges inside it. A wider IPv6 range does not contain IPv4
  // addresses: ::/0 is all of IPv6.
  bool IsV4() const { return length >= kV4Bits && address.IsV4(); }

  bool Contains(const IpAddr& other) const {
    if (IsV4() != other.IsV4()) return false;
    IpPrefix range = {other, length};
    range.ClearHostBits();
    return range.address == address;
  }

  friend bool operator==(const IpPrefix& a, const IpPrefix& b) {
    return a.address == b.address && a.length == b.length;
  }
  friend bool operator!=(const IpPrefix& a, const IpPrefix& b) { return !(a == b); }

 private:
  static constexpr int kBits = 8 * kIpLength;
  static constexpr int kV4Bits = 96;  // bits in front of an IPv4 address

  static std::optional<IpAddr> ParseAddress(std::string_view text);

  void ClearHostBits() {
    for (int i = 0; i < kIpLength; ++i) {
      const int kept = length - 8 * i;
      if (kept < 8) address.bytes[i] &= kept <= 0 ? 0 : static_cast<uint8_t>(0xff << (8 - kept));
    }
  }
};

inline std::optional<IpAddr> IpPrefix::ParseAddress(std::string_view text) {
  // inet_pton would stop at a NUL byte.
  if (text.find('\0') != std::string_view::npos || text.size() >= INET6_ADDRSTRLEN) return {};
  const std::string terminated(text);
  IpAddr address = IpAddr::FromV4(0);
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + 12) == 1) return address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return {};
}

inline std::optional<IpPrefix> IpPrefix::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  const std::optional<IpAddr> address = ParseAddress(address_text);
  if (!address.has_value()) return {};
  IpPrefix prefix = {*address, kBits};
  if (slash == std::string_view::npos) return prefix;

  const bool dotted = address_text.find(':') == std::string_view::npos;
  const std::string_view digits = text.substr(slash + 1);
  const bool leading_zero = digits.size() > 1 && digits.front() == '0';
  unsigned written = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), written);
  if (digits.empty() || leading_zero || read.ec != std::errc() ||
      read.ptr != digits.data() + digits.size() || written > (dotted ? 32u : 128u)) {
    return {};
  }
  prefix.length = static_cast<int>(written) + (dotted ? kV4Bits : 0);
  prefix.ClearHostBits();
  return prefix;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_IP_PREFIX_H_
