// SPDX-License-Identifier: Apache-2.0
// Which place of the network each flow is counted at.
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

// Where a record was measured.
struct Place {
  uint64_t network_namespace;  // with hashes of the agent, and of the name where no index is
  uint32_t if_index;
  uint8_t direction;

  static Place Of(const Record& record) {
    uint64_t network_namespace = record.network_namespace;
    // As behind protobuf, which has names only.
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

// A flow with its hash, which is computed once for all tables that look the flow up.
struct HashedKey {
  FlowIdentity key;
  size_t hash;

  // In place, because a copy of what has just been written in small parts would wait for it.
  void Set(const Record& record) {
    key = FlowIdentity::Of(record);
    hash = absl::Hash<FlowIdentity>()(key);
  }
  friend bool operator==(const HashedKey& a, const HashedKey& b) {
    return a.hash == b.hash && a.key == b.key;
  }
};

// The key with which a table of absl is asked to prefetch. gcc takes a function that does nothing
// but prefetch for one without effect, and leaves out the call; the empty statement is an effect.
struct HashToPrefetch {
  size_t hash;
  size_t Value() const {
    asm volatile("");
    return hash;
  }
};

// A bounded table of flows, in the order in which their places were last heard of. Takes
// memory as flows come, and keeps it. One thread.
class FlowPlaces {
 public:
  FlowPlaces(size_t max_flows, uint64_t expiry_ns)
      : max_flows_(max_flows), expiry_ns_(expiry_ns), by_key_(0, HashOf{this}, EqualIn{this}) {}
  FlowPlaces(const FlowPlaces&) = delete;
  FlowPlaces& operator=(const FlowPlaces&) = delete;

  // Forgets the flows that have expired by `now_ns`, which never goes back.
  void Expire(uint64_t now_ns) {
    while (oldest_ != kNone && flows_[oldest_].heard_ns + expiry_ns_ <= now_ns) Forget(oldest_);
  }

  using Index = uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  // Two steps that ask the processor for the memory that Counts will look at, each of which
  // uses what the one before has asked for. To be done for some flows at a time, so that the
  // waits for memory overlap. The second one says which flow it may be.
  void PrefetchIndex(const HashedKey& key) const { by_key_.prefetch(HashToPrefetch{key.hash}); }
  Index PrefetchFlow(const HashedKey& key) const {
    const auto found = by_key_.find(AnyOfHash{key.hash});
    if (found == by_key_.end()) return kNone;
    const auto* const flow = reinterpret_cast<const char*>(&flows_[*found]);
    __builtin_prefetch(flow);
    __builtin_prefetch(flow + sizeof(Flow) - 1);
    return *found;
  }

  // True if `place` counts for the flow: it does from now on if no other did. `guess` is from
  // PrefetchFlow since the last Expire, so that it is of some flow that is remembered.
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
  // Flows that were forgotten to make room, since the beginning.
  uint64_t evicted() const { return evicted_; }

 private:
  struct Flow {
    HashedKey key;
    Place place;
    uint64_t heard_ns;  // when the last record came from `place`
    Index older;
    Index newer;  // of a free one: the next free one
  };

  // Equal to every flow that its place in by_key_ says may have that hash, without a look at
  // the flow.
  struct AnyOfHash {
    size_t hash;
  };

  // Of flows by their index and by their key.
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
      // Never more than there may be.
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
