// SPDX-License-Identifier: Apache-2.0
// Merges the entries of a flow that is in more than one slot of a table.
#ifndef WEIR_SOURCES_EBPF_TABLES_FLOW_MERGE_H_
#define WEIR_SOURCES_EBPF_TABLES_FLOW_MERGE_H_

#include <algorithm>
#include <cstring>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "bpf/flow.h"
#include "sources/ebpf/tables/flow.h"

namespace weir::ebpf {

// For one thread. Holds few flows: those that may be in the table twice.
class FlowMerge {
 public:
  // Holds a flow, merged with any held flow of the same key.
  void Add(const Flow& flow) {
    const auto [kept, is_new] = flows_.try_emplace(KeyOf(flow), flow);
    if (!is_new) Merge(flow, &kept->second);
  }

  // Merges the held flow with the same key, if any, into `flow`.
  void Take(Flow* flow) {
    if (flows_.empty()) return;
    const auto kept = flows_.find(KeyOf(*flow));
    if (kept == flows_.end()) return;
    Merge(kept->second, flow);
    flows_.erase(kept);
  }

  // Hands over the held flows that Take has not taken.
  void TakeRest(const OnFlow& on_flow) {
    for (auto& [key, flow] : flows_) {
      flow.value.details.flags &= static_cast<weir_u8>(~WEIR_FLOW_MAY_BE_TWICE);
      on_flow(flow);
    }
    flows_.clear();
  }

 private:
  struct Key {
    flow_key_t key;
    bool operator==(const Key& other) const {
      return std::memcmp(&key, &other.key, sizeof(key)) == 0;
    }
    template <typename H>
    friend H AbslHashValue(H hash, const Key& key) {
      return H::combine(std::move(hash),
                        std::string_view(reinterpret_cast<const char*>(&key.key), sizeof(key.key)));
    }
  };

  static Key KeyOf(const Flow& flow) {
    const flow_details_t& details = flow.value.details;
    const bool has_vlan = (details.flags & WEIR_FLOW_VLAN_KEY) != 0;
    return {{flow.id, static_cast<weir_u16>(details.namespace_id),
             has_vlan ? details.vlan : weir_u16{0}}};
  }

  // The details of the first packet come from the earlier flow.
  static void Merge(const Flow& other, Flow* into) {
    const flow_value_t& from = other.value;
    flow_value_t& to = into->value;
    const weir_u16 tcp_flags = from.details.tcp_flags | to.details.tcp_flags;
    if (from.start_mono_time_ns < to.start_mono_time_ns) {
      to.start_mono_time_ns = from.start_mono_time_ns;
      to.details = from.details;
      to.details.flags &= static_cast<weir_u8>(~WEIR_FLOW_MAY_BE_TWICE);
    }
    to.details.tcp_flags = tcp_flags;
    to.packets += from.packets;
    to.wire_packets += from.wire_packets;
    to.bytes += from.bytes;
    to.more_wire_bytes += from.more_wire_bytes;
    to.end_time = std::max(to.end_time, from.end_time);
  }

  absl::flat_hash_map<Key, Flow> flows_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_FLOW_MERGE_H_
