// SPDX-License-Identifier: Apache-2.0
// Translates TCP flags between a record and the netobserv eBPF agents.
//
// A record has the union of all flags (IPFIX information element 6), and in tcp_flag_pairs the
// pairs of flags that came in one packet. An agent sends 0x100 for a packet with SYN and ACK,
// 0x200 for FIN and ACK, and 0x400 for RST and ACK, in place of the single bits (bpf/types.h of
// the agent). In IPFIX 0x100 is AE (formerly NS); in a message of an agent that bit is never AE.
#ifndef WEIR_CORE_RECORD_AGENT_TCP_FLAGS_H_
#define WEIR_CORE_RECORD_AGENT_TCP_FLAGS_H_

#include <cstdint>

#include "core/record/record.h"
#include "core/record/tcp_flags.h"

namespace weir {

namespace internal {

// An agent's bits are those of tcp_flag_pairs, shifted left by this number.
constexpr unsigned kAgentPairShift = 8;

}  // namespace internal

// Replaces the flags of an agent in `record` by those of a record.
inline void TranslateAgentTcpFlags(Record* record) {
  const unsigned flags = record->tcp_flags;
  const unsigned pairs = flags >> internal::kAgentPairShift & kTcpFlagPairBits;
  if (pairs == 0) return;
  const unsigned single = flags & ~(pairs << internal::kAgentPairShift);
  record->tcp_flags = static_cast<uint16_t>(single | kTcpAck | TcpFlagsBesideAck(pairs));
  record->tcp_flag_pairs = static_cast<uint8_t>(pairs);
  record->present |= WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS;
}

// Returns the flags of a record as an agent sends them. AE and the reserved bits are lost.
inline uint16_t AgentTcpFlags(const Record& record) {
  const bool has_pairs = (record.present & WEIR_HAS_TCP_FLAG_PAIRS) != 0;
  const unsigned pairs = has_pairs ? record.tcp_flag_pairs & kTcpFlagPairBits : 0;
  const unsigned single = record.tcp_flags & 0xFFu & ~TcpFlagsBesideAck(pairs);
  return static_cast<uint16_t>(single | pairs << internal::kAgentPairShift);
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_AGENT_TCP_FLAGS_H_
