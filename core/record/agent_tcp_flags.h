// SPDX-License-Identifier: Apache-2.0
// TCP flags as the netobserv eBPF agents send them, and as a record has them.
//
// A record has the union of all flags that were seen, as IPFIX has it (information element 6),
// and beside it the pairs of flags that one packet had (weir_record.tcp_flag_pairs). An agent
// sends 0x100 for a packet with SYN and ACK, 0x200 for FIN and ACK and 0x400 for RST and ACK, in
// place of the single bits (its bpf/types.h). IPFIX has AE, which was NS, at 0x100: in messages
// of an agent that bit is never AE.
#ifndef WEIR_CORE_RECORD_AGENT_TCP_FLAGS_H_
#define WEIR_CORE_RECORD_AGENT_TCP_FLAGS_H_

#include <cstdint>

#include "core/record/record.h"

namespace weir {

namespace internal {

constexpr unsigned kTcpFin = 0x01;
constexpr unsigned kTcpSyn = 0x02;
constexpr unsigned kTcpRst = 0x04;
constexpr unsigned kTcpAck = 0x10;

// Bits of tcp_flag_pairs are those of an agent, shifted by so much.
constexpr unsigned kAgentPairShift = 8;
constexpr unsigned kTcpFlagPairBits = WEIR_TCP_SYN_ACK | WEIR_TCP_FIN_ACK | WEIR_TCP_RST_ACK;

// The flag that each pair has beside ACK.
constexpr unsigned FlagsBesideAck(unsigned pairs) {
  return ((pairs & WEIR_TCP_SYN_ACK) != 0 ? kTcpSyn : 0) |
         ((pairs & WEIR_TCP_FIN_ACK) != 0 ? kTcpFin : 0) |
         ((pairs & WEIR_TCP_RST_ACK) != 0 ? kTcpRst : 0);
}

}  // namespace internal

// Makes the flags that an agent sent those of a record.
inline void TranslateAgentTcpFlags(Record* record) {
  const unsigned flags = record->tcp_flags;
  const unsigned pairs = flags >> internal::kAgentPairShift & internal::kTcpFlagPairBits;
  if (pairs == 0) return;
  const unsigned single = flags & ~(pairs << internal::kAgentPairShift);
  record->tcp_flags =
      static_cast<uint16_t>(single | internal::kTcpAck | internal::FlagsBesideAck(pairs));
  record->tcp_flag_pairs = static_cast<uint8_t>(pairs);
  record->present |= WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS;
}

// The flags of a record as an agent sends them. AE and the reserved bits have no place there.
inline uint16_t AgentTcpFlags(const Record& record) {
  const bool has_pairs = (record.present & WEIR_HAS_TCP_FLAG_PAIRS) != 0;
  const unsigned pairs = has_pairs ? record.tcp_flag_pairs & internal::kTcpFlagPairBits : 0;
  const unsigned single = record.tcp_flags & 0xFFu & ~internal::FlagsBesideAck(pairs);
  return static_cast<uint16_t>(single | pairs << internal::kAgentPairShift);
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_AGENT_TCP_FLAGS_H_
