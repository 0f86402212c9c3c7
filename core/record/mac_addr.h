// SPDX-License-Identifier: Apache-2.0
// An Ethernet address, six bytes in the order of the wire.
#ifndef WEIR_CORE_RECORD_MAC_ADDR_H_
#define WEIR_CORE_RECORD_MAC_ADDR_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/record/constants.h"
#include "core/record/text.h"

namespace weir {

struct MacAddr {
  std::array<uint8_t, kMacLength> bytes;

  static MacAddr FromBytes(const uint8_t* six) {
    MacAddr address{};
    std::memcpy(address.bytes.data(), six, kMacLength);
    return address;
  }

  // Lower-case hexadecimal with colons: "02:00:5e:10:00:01".
  void AppendTo(std::string* out) const {
    for (int i = 0; i < kMacLength; ++i) {
      if (i > 0) out->push_back(':');
      AppendHexByte(bytes[i], out);
    }
  }
  std::string String() const {
    std::string text;
    AppendTo(&text);
    return text;
  }

  friend bool operator==(const MacAddr& a, const MacAddr& b) { return a.bytes == b.bytes; }
  friend bool operator!=(const MacAddr& a, const MacAddr& b) { return !(a == b); }
};

static_assert(sizeof(MacAddr) == 6 && alignof(MacAddr) == 1);

}  // namespace weir

#endif  // WEIR_CORE_RECORD_MAC_ADDR_H_
