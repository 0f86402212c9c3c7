// SPDX-License-Identifier: Apache-2.0
// What is kept of a flow: a record in 128 bytes, two cache lines, of which the first
// tells whether it is this flow.
//
// A record has 200 bytes. An entry has narrower fields, which most records fit into. One that
// does not fit is kept whole elsewhere (FlowTable), so that no value is ever changed.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_FLOW_ENTRY_H_
#define WEIR_TRANSFORMS_ACCOUNTER_FLOW_ENTRY_H_

#include <cstdint>
#include <cstring>

#include "core/record/record.h"
#include "transforms/accounter/flow_key.h"

namespace weir::transforms {

struct alignas(64) FlowEntry {
  uint8_t key[kKeySize];
  uint32_t network_namespace;  // its lower half
  // By how much the flow is longer on the monotonic clock than on the wall clock. 0 where it has
  // no monotonic times: these are 0 then.
  int32_t mono_change_ns;

  // Whether the record is kept whole; then wide_number says where, and of what follows
  // only the times of the table and the links count.
  uint64_t wide : 1;
  uint64_t present : 13;  // weir_record's, without WEIR_IS_DUPLICATE and WEIR_VLAN_IS_KEY
  uint64_t vlan_is_key : 1;
  uint64_t flow_end_reason : 3;
  uint64_t dscp : 6;
  uint64_t vlan_id : 12;
  uint64_t more_wire_bytes : 28;  // wire_bytes without `bytes`
  uint64_t bytes : 38;
  uint64_t packets : 26;
  uint64_t more_wire_packets : 22;  // wire_packets without `packets`
  uint64_t duration_ns : 42;        // from start_wall_time_ns to end_wall_time_ns
  uint64_t label : 16;              // what LabelTable has
  // When the flow came in, and when its last record did; of the table's clock, modulo 2^48.
  uint64_t held_since_ns : 48;
  // ICMP type and code where they were measured, else 12 TCP flags and 3 pairs of them.
  uint64_t flags_or_icmp : 16;
  uint64_t last_seen_ns : 48;
  union {
    uint64_t start_mono_time_ns;
    uint32_t wide_number;
  };
  int64_t start_wall_time_ns;
  // Of TimerWheel, or the free entries.
  uint32_t previous;
  uint32_t next;

  // VlanKey of the record of an entry that is not wide.
  uint32_t vlan_key() const {
    const uint64_t is_key = vlan_is_key ? WEIR_VLAN_IS_KEY : 0;
    return VlanKey(is_key | (present & WEIR_HAS_VLAN), vlan_id);
  }

  // Of the key all but the VLAN and the upper half of the namespace, which `wide` entries have.
  bool HasKeyOf(const Record& record) const {
    return std::memcmp(key, &record, kKeySize) == 0 &&
           network_namespace == static_cast<uint32_t>(record.network_namespace);
  }
};

static_assert(sizeof(FlowEntry) == 128);

// Puts `record` into the entry, all but the label and what is the table's own. False: it
// does not fit, and nothing but the key was written.
bool Compact(const Record& record, FlowEntry* entry);

// The record of an entry that is not wide, without what its label stands for.
void Expand(const FlowEntry& entry, Record* record);

// Does Accumulate(record, ...) on what an entry holds that is not wide. False: the result
// does not fit or is better left to Accumulate, and nothing was changed.
bool Merge(const Record& record, FlowEntry* entry);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_FLOW_ENTRY_H_
