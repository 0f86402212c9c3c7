// SPDX-License-Identifier: Apache-2.0
// Holds records until their flow has been seen at all its interfaces.
#ifndef WEIR_TRANSFORMS_DEDUP_HELD_FLOWS_H_
#define WEIR_TRANSFORMS_DEDUP_HELD_FLOWS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "core/record/flow_identity.h"
#include "core/record/other_interfaces.h"
#include "core/record/record.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "transforms/dedup/flow_places.h"
#include "transforms/dedup/held_records.h"

namespace weir::transforms {

// A record that has just come.
struct SeenRecord {
  const HashedKey& key;
  const Record& record;
  const weir_other_interfaces* others;  // null: the record has no list
  bool counts;                          // the record is from the counting place of its flow
};

// Holds one record per flow, with a list of interfaces, for `window_ns` after the first record
// came, and at most a fifth longer if EmitDue is called every tenth of it. The clock must not go
// back.
//
// Records that came within a tenth of the window are in one chunk, which is emitted as one batch.
// At most `max_flows` (at least 1) records are held; if there are more, the oldest chunk is emitted
// early. Other feature blocks are not emitted, because there is no rule for merging them.
//
// One thread. After an error, records that were not emitted are still held.
class HeldFlows {
 public:
  HeldFlows(size_t max_flows, uint64_t window_ns, const sdk::Stage* stage)
      : max_flows_(max_flows), window_ns_(window_ns), stage_(stage) {}
  HeldFlows(const HeldFlows&) = delete;
  HeldFlows& operator=(const HeldFlows&) = delete;

  // Takes a record. A record from the counting place is held, or merged into the held record from
  // that place. The place of any other record is added to the held record of its flow. If there is
  // none, the record is held until one comes; it is filtered if none comes.
  sdk::Status Take(const SeenRecord& seen, uint64_t now_ns);

  // Prefetch the memory for Take in two steps, of which the second needs the result of the first.
  void PrefetchIndex(const HashedKey& key) const { flows_.prefetch(HashToPrefetch{key.hash}); }
  void PrefetchRecord(const HashedKey& key) const;

  // Emits the records that are due at `now_ns`.
  sdk::Status EmitDue(uint64_t now_ns);
  sdk::Status EmitAll();

  // The number of held records.
  uint64_t held() const { return held_; }
  // Totals: records that were merged into a held record; records from other places whose flow had
  // no record from its counting place; interfaces that found no room in a list.
  uint64_t merged() const { return merged_; }
  uint64_t filtered() const { return filtered_; }
  uint64_t unlisted() const { return unlisted_; }

 private:
  // The newest record of a flow. The key of the flow is only in the record, so that the table is
  // small and more of it is in the processor's caches.
  struct Newest {
    HeldRecord* held;
    size_t hash;
  };
  // Equals everything with the same hash, without a look at the record.
  struct OfHash {
    size_t hash;
  };
  struct HashOf {
    using is_transparent = void;
    size_t operator()(const Newest& newest) const { return newest.hash; }
    size_t operator()(const HashedKey& key) const { return key.hash; }
    size_t operator()(OfHash of) const { return of.hash; }
    size_t operator()(HashToPrefetch any) const { return any.Value(); }
  };
  struct SameFlow {
    using is_transparent = void;
    bool operator()(const Newest& a, const HashedKey& b) const {
      return a.hash == b.hash && FlowIdentity::Of(a.held->record) == b.key;
    }
    bool operator()(const Newest& a, OfHash b) const { return a.hash == b.hash; }
    // Each flow has one newest record.
    bool operator()(const Newest& a, const Newest& b) const { return a.held == b.held; }
  };
  struct HeldBatch {
    std::unique_ptr<HeldChunk> chunk;
    uint32_t size;
    uint32_t capacity;
    uint64_t opened_ns;  // when its first record came
    uint64_t newest_ns;  // when its last record came
  };

  sdk::Status Add(const SeenRecord& seen, uint64_t now_ns);
  sdk::Status MakeRoom(uint64_t now_ns);
  void TakePlaceOfDuplicate(const Record& record, HeldRecord* held);
  void AddPlaces(const SeenRecord& seen, HeldRecord* held);
  void AddPlaces(const weir_other_interfaces& places, HeldRecord* held);
  void AddPlace(const weir_interface& place, HeldRecord* held);
  sdk::Status EmitOldest();
  // Writes the records from counting places to `out`, and forgets the whole batch.
  void WriteAndForget(const HeldBatch& batch, weir_batch* out);
  void Write(const HeldRecord& held, weir_batch* out);

  const size_t max_flows_;
  const uint64_t window_ns_;
  const sdk::Stage* const stage_;
  absl::flat_hash_set<Newest, HashOf, SameFlow> flows_;
  HeldChunks chunks_;
  InterfaceLists lists_;
  std::deque<HeldBatch> batches_;  // the oldest first
  size_t held_ = 0;
  uint64_t merged_ = 0;
  uint64_t filtered_ = 0;
  uint64_t unlisted_ = 0;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_DEDUP_HELD_FLOWS_H_
