// SPDX-License-Identifier: Apache-2.0
// TCP flags of a record: the control bits of RFC 9293, section 3.1, in the places that IPFIX
// tcpControlBits (information element 6) gives them.
#ifndef WEIR_CORE_RECORD_TCP_FLAGS_H_
#define WEIR_CORE_RECORD_TCP_FLAGS_H_

#include <cstdint>

#include "plugins/abi/weir_plugin.h"

namespace weir {

inline constexpr unsigned kTcpFin = 0x01;
inline constexpr unsigned kTcpSyn = 0x02;
inline constexpr unsigned kTcpRst = 0x04;
inline constexpr unsigned kTcpAck = 0x10;

// All bits of weir_record.tcp_flag_pairs.
inline constexpr unsigned kTcpFlagPairBits = WEIR_TCP_SYN_ACK | WEIR_TCP_FIN_ACK | WEIR_TCP_RST_ACK;

// Returns weir_record.tcp_flag_pairs of one packet with these flags.
constexpr uint8_t TcpFlagPairsOf(unsigned tcp_flags) {
  const auto pair = [tcp_flags](unsigned flag, unsigned bit) {
    return (tcp_flags & (flag | kTcpAck)) == (flag | kTcpAck) ? bit : 0u;
  };
  return static_cast<uint8_t>(pair(kTcpSyn, WEIR_TCP_SYN_ACK) | pair(kTcpFin, WEIR_TCP_FIN_ACK) |
                              pair(kTcpRst, WEIR_TCP_RST_ACK));
}

// Returns the flags that came with ACK in the packets that `pairs` tells of.
constexpr unsigned TcpFlagsBesideAck(unsigned pairs) {
  return ((pairs & WEIR_TCP_SYN_ACK) != 0 ? kTcpSyn : 0) |
         ((pairs & WEIR_TCP_FIN_ACK) != 0 ? kTcpFin : 0) |
         ((pairs & WEIR_TCP_RST_ACK) != 0 ? kTcpRst : 0);
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_TCP_FLAGS_H_
