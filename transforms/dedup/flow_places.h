// SPDX-License-Identifier: Apache-2.0
// Remembers the place at which each flow is counted.
#ifndef WEIR_TRANSFORMS_DEDUP_FLOW_PLACES_H_
#define WEIR_TRANSFORMS_DEDUP_FLOW_PLACES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "core/record/flow_identity.h"
#include "core/record/record.h"

namespace weir::transforms {

// The place at which a record was measured.
struct Place {
  uint64_t
      network_namespace;  // combined with hashes of the agent, and of the name if there is no index
  uint32_t if_index;
  uint8_t direction;

  static Place Of(const Record& record) {
    uint64_t network_namespace = record.network_namespace;
    // Records from protobuf have names but no index.
    if (record.if_index == 0) {
      network_namespace ^= absl::Hash<std::string_view>()(InterfaceName(record));
    }
    // Two machines may have the same index or name.
    if ((record.present & WEIR_HAS_AGENT_IP) != 0) {
      network_namespace ^= absl::Hash<decltype(IpAddr::bytes)>()(AgentIp(record).bytes);
    }
    return {network_namespace, record.if_index, record.direction};
  }
  friend bool operator==(const Place& a, const Place& b) {
    return a.network_namespace == b.network_namespace && a.if_index == b.if_index &&
           a.direction == b.direction;
  }
};

// A flow and its hash, which is computed once for all tables.
struct HashedKey {
  FlowIdentity key;
  size_t hash;

  // Written in place, because the processor would stall on a copy of data just written in small
  // parts.
  void Set(const Record& record) {
    key = FlowIdentity::Of(record);
    hash = absl::Hash<FlowIdentity>()(key);
  }
  friend bool operator==(const HashedKey& a, const HashedKey& b) {
    return a.hash == b.hash && a.key == b.key;
  }
};

// The key for prefetching in a table of Abseil. gcc omits the call of a function that only
// prefetches, because it seems to have no effect; the empty asm statement is an effect.
struct HashToPrefetch {
  size_t hash;
  size_t Value() const {
    asm volatile("");
    return hash;
  }
};

// A bounded table of flows, ordered by the last record from their place. Allocates memory as flows
// come, and keeps it. One thread.
class FlowPlaces {
 public:
  FlowPlaces(size_t max_flows, uint64_t expiry_ns)
      : max_flows_(max_flows), expiry_ns_(expiry_ns), by_key_(0, HashOf{this}, EqualIn{this}) {}
  FlowPlaces(const FlowPlaces&) = delete;
  FlowPlaces& operator=(const FlowPlaces&) = delete;

  // Forgets the flows that have expired at `now_ns`, which must not decrease.
  void Expire(uint64_t now_ns) {
    while (oldest_ != kNone && flows_[oldest_].heard_ns + expiry_ns_ <= now_ns) Forget(oldest_);
  }

  using Index = uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  // Prefetch the memory for Counts in two steps, of which the second needs the result of the first.
  // Call each step for several flows, so that the memory accesses overlap. PrefetchFlow returns the
  // flow that was probably found.
  void PrefetchIndex(const HashedKey& key) const { by_key_.prefetch(HashToPrefetch{key.hash}); }
  Index PrefetchFlow(const HashedKey& key) const {
    const auto found = by_key_.find(AnyOfHash{key.hash});
    if (found == by_key_.end()) return kNone;
    const auto* const flow = reinterpret_cast<const char*>(&flows_[*found]);
    __builtin_prefetch(flow);
    __builtin_prefetch(flow + sizeof(Flow) - 1);
    return *found;
  }

  // Returns true if `place` is the counting place of the flow. It becomes the counting place if
  // there is none. `guess` comes from PrefetchFlow, with no Expire since then.
  bool Counts(const HashedKey& key, Index guess, const Place& place, uint64_t now_ns) {
    const Index index = Find(key, guess);
    if (index == kNone) {
      Remember(key, place, now_ns);
      return true;
    }
    Flow& flow = flows_[index];
    if (!(flow.place == place)) return false;
    flow.heard_ns = now_ns;
    MakeNewest(index);
    return true;
  }

  size_t size() const { return by_key_.size(); }
  // The number of flows that were forgotten to make room.
  uint64_t evicted() const { return evicted_; }

 private:
  struct Flow {
    HashedKey key;
    Place place;
    uint64_t heard_ns;  // time of the last record from `place`
    Index older;
    Index newer;  // of a free flow: the next free one
  };

  // Equals every flow with the same hash in by_key_, without a look at the flow.
  struct AnyOfHash {
    size_t hash;
  };

  // Hashes flows by their index and by their key.
  struct HashOf {
    using is_transparent = void;
    const FlowPlaces* places;
    size_t operator()(const HashedKey& key) const { return key.hash; }
    size_t operator()(AnyOfHash any) const { return any.hash; }
    size_t operator()(HashToPrefetch any) const { return any.Value(); }
    size_t operator()(Index flow) const { return places->flows_[flow].key.hash; }
  };
  struct EqualIn {
    using is_transparent = void;
    const FlowPlaces* places;
    bool operator()(Index a, Index b) const { return a == b; }
    bool operator()(Index flow, const HashedKey& key) const {
      return places->flows_[flow].key == key;
    }
    bool operator()(const HashedKey& key, Index flow) const { return (*this)(flow, key); }
    bool operator()(Index /*flow*/, AnyOfHash /*any*/) const { return true; }
    bool operator()(AnyOfHash /*any*/, Index /*flow*/) const { return true; }
  };

  Index Find(const HashedKey& key, Index guess) const {
    if (guess != kNone && flows_[guess].key == key) return guess;
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? kNone : *found;
  }

  void Remember(const HashedKey& key, const Place& place, uint64_t now_ns) {
    if (by_key_.size() == max_flows_) {
      Forget(oldest_);
      ++evicted_;
    }
    Index flow = free_;
    if (flow == kNone) {
      flow = static_cast<Index>(flows_.size());
      // At most max_flows_.
      if (flow == flows_.capacity()) flows_.reserve(std::min(max_flows_, 2 * (size_t{flow} + 8)));
      flows_.emplace_back();
    } else {
      free_ = flows_[flow].newer;
    }
    flows_[flow] = {key, place, now_ns, kNone, kNone};
    Append(flow);
    by_key_.insert(flow);
  }

  void Forget(Index flow) {
    by_key_.erase(flow);
    Unlink(flow);
    flows_[flow].newer = std::exchange(free_, flow);
  }

  void MakeNewest(Index flow) {
    if (flow == newest_) return;
    Unlink(flow);
    Append(flow);
  }
  void Append(Index flow) {
    flows_[flow].older = newest_;
    flows_[flow].newer = kNone;
    (newest_ == kNone ? oldest_ : flows_[newest_].newer) = flow;
    newest_ = flow;
  }
  void Unlink(Index flow) {
    const Flow& links = flows_[flow];
    (links.older == kNone ? oldest_ : flows_[links.older].newer) = links.newer;
    (links.newer == kNone ? newest_ : flows_[links.newer].older) = links.older;
  }

  const size_t max_flows_;
  const uint64_t expiry_ns_;
  std::vector<Flow> flows_;
  absl::flat_hash_set<Index, HashOf, EqualIn> by_key_;
  Index oldest_ = kNone;
  Index newest_ = kNone;
  Index free_ = kNone;
  uint64_t evicted_ = 0;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_DEDUP_FLOW_PLACES_H_
