// SPDX-License-Identifier: Apache-2.0
// An Ethernet address: six bytes in network byte order.
#ifndef WEIR_CORE_RECORD_MAC_ADDR_H_
#define WEIR_CORE_RECORD_MAC_ADDR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/record/constants.h"
#include "core/record/text.h"

namespace weir {

// A value.
struct MacAddr {
  std::array<uint8_t, kMacLength> bytes;

  static MacAddr FromBytes(const uint8_t* six) {
    MacAddr address{};
    std::memcpy(address.bytes.data(), six, kMacLength);
    return address;
  }

  // The length of the text: lower-case hexadecimal with colons, "02:00:5e:10:00:01".
  static constexpr size_t kTextBytes = 17;
  // Writes kTextBytes, and nothing behind them. Returns the end.
  char* WriteTo(char* to) const {
    for (size_t i = 0; i + 1 < bytes.size(); ++i) {
      to = WriteHexOctet(bytes[i], to);
      *to++ = ':';
    }
    return WriteHexOctet(bytes.back(), to);
  }
  std::string String() const {
    char text[kTextBytes];
    return {text, WriteTo(text)};
  }

  friend bool operator==(const MacAddr& a, const MacAddr& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const MacAddr& a, const MacAddr& b) { return !(a == b); }
};

static_assert(sizeof(MacAddr) == 6 && alignof(MacAddr) == 1);

}  // namespace weir

#endif  // WEIR_CORE_RECORD_MAC_ADDR_H_
