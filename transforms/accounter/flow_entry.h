// SPDX-License-Identifier: Apache-2.0
// The entry of a flow: a record in 128 bytes, two cache lines. The first line is enough to identify
// the flow.
//
// A record has 200 bytes. The fields of an entry are narrower, and most records fit into them. A
// record that does not fit is stored whole elsewhere (FlowTable), so that no value is ever changed.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_FLOW_ENTRY_H_
#define WEIR_TRANSFORMS_ACCOUNTER_FLOW_ENTRY_H_

#include <cstdint>
#include <cstring>

#include "core/record/record.h"
#include "transforms/accounter/flow_key.h"

namespace weir::transforms {

struct alignas(64) FlowEntry {
  uint8_t key[kKeySize];
  uint32_t network_namespace;  // the lower half
  // How much longer the flow is on the monotonic clock than on the wall clock. 0 if the record has
  // no monotonic times, which are then 0.
  int32_t mono_change_ns;

  // True if the record is stored whole, at wide_number. Of the fields below, only the table's times
  // and the links are then valid.
  uint64_t wide : 1;
  uint64_t present : 13;  // of weir_record, without WEIR_IS_DUPLICATE and WEIR_VLAN_IS_KEY
  uint64_t vlan_is_key : 1;
  uint64_t flow_end_reason : 3;
  uint64_t dscp : 6;
  uint64_t vlan_id : 12;
  uint64_t more_wire_bytes : 28;  // wire_bytes without `bytes`
  uint64_t bytes : 38;
  uint64_t packets : 26;
  uint64_t more_wire_packets : 22;  // wire_packets without `packets`
  uint64_t duration_ns : 42;        // from start_wall_time_ns to end_wall_time_ns
  uint64_t label : 16;              // a number from LabelTable
  // The arrival times of the flow and of its last record, on the table's clock, modulo 2^48.
  uint64_t held_since_ns : 48;
  // ICMP type and code if they were measured; otherwise 12 TCP flags and 3 pairs of them.
  uint64_t flags_or_icmp : 16;
  uint64_t last_seen_ns : 48;
  union {
    uint64_t start_mono_time_ns;
    uint32_t wide_number;
  };
  int64_t start_wall_time_ns;
  // The links of TimerWheel, or of the list of free entries.
  uint32_t previous;
  uint32_t next;

  // The VlanKey of the record. The entry must not be wide.
  uint32_t vlan_key() const {
    const uint64_t is_key = vlan_is_key ? WEIR_VLAN_IS_KEY : 0;
    return VlanKey(is_key | (present & WEIR_HAS_VLAN), vlan_id);
  }

  // Compares the key without the VLAN and the upper half of the namespace, which are only in the
  // stored record of a wide entry.
  bool HasKeyOf(const Record& record) const {
    return std::memcmp(key, &record, kKeySize) == 0 &&
           network_namespace == static_cast<uint32_t>(record.network_namespace);
  }
};

static_assert(sizeof(FlowEntry) == 128);

// Writes `record` to the entry, without the label and the table's own fields. Returns false if it
// does not fit; only the key was written then.
bool Compact(const Record& record, FlowEntry* entry);

// Reads the record of an entry that is not wide, without the fields of its label.
void Expand(const FlowEntry& entry, Record* record);

// Merges `record` into an entry that is not wide, like Accumulate. Returns false, and changes
// nothing, if the result does not fit or is a rare case that is left to Accumulate.
bool Merge(const Record& record, FlowEntry* entry);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_FLOW_ENTRY_H_
