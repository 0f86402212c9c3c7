// SPDX-License-Identifier: Apache-2.0
// Records that wait until their flow has been seen at all its interfaces.
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

// A record as it comes.
struct SeenRecord {
  const HashedKey& key;
  const Record& record;
  const weir_other_interfaces* others;  // null: it does not say
  bool counts;                          // it is of the place that counts for its flow
};

// Of each flow one record and its list of interfaces, for `window_ns` from when the first of
// them came and a fifth of that longer at most, if EmitDue comes every tenth of it. Times are
// of a clock that never goes back.
//
// Records that came within a tenth of the window lie in one chunk, which goes on as a whole, as
// one batch. At most `max_flows` (1 or more) are held: for one more the oldest chunk goes on
// before its time. Other blocks of records do not go on: they have no rule yet by which two
// would become one.
//
// One thread. After an error, what was not handed over is still held.
class HeldFlows {
 public:
  HeldFlows(size_t max_flows, uint64_t window_ns, const sdk::Stage* stage)
      : max_flows_(max_flows), window_ns_(window_ns), stage_(stage) {}
  HeldFlows(const HeldFlows&) = delete;
  HeldFlows& operator=(const HeldFlows&) = delete;

  // A record that counts is held, or added to that of its place. Another one adds its place
  // to that of its flow; where there is none it is held until one comes, and filtered if none
  // does.
  sdk::Status Take(const SeenRecord& seen, uint64_t now_ns);

  // Two steps that ask the processor for the memory that Take will look at, each of which uses
  // what the one before has asked for.
  void PrefetchIndex(const HashedKey& key) const { flows_.prefetch(HashToPrefetch{key.hash}); }
  void PrefetchRecord(const HashedKey& key) const;

  // Hands on those whose time has come by `now_ns`.
  sdk::Status EmitDue(uint64_t now_ns);
  sdk::Status EmitAll();

  // Records that are held.
  uint64_t held() const { return held_; }
  // Since the beginning: records that became part of one that was held; records that are not
  // of the place that counts, and whose flow had none of that; interfaces that a list had no
  // room for.
  uint64_t merged() const { return merged_; }
  uint64_t filtered() const { return filtered_; }
  uint64_t unlisted() const { return unlisted_; }

 private:
  // A flow's newest record. The flow's key is in the record alone, so that the table is small,
  // and more of it in the processor's caches.
  struct Newest {
    HeldRecord* held;
    size_t hash;
  };
  // Equal to what has the same hash, without a look at the record.
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
    uint64_t newest_ns;  // when its last did
  };

  sdk::Status Add(const SeenRecord& seen, uint64_t now_ns);
  sdk::Status MakeRoom(uint64_t now_ns);
  void TakePlaceOfDuplicate(const Record& record, HeldRecord* held);
  void AddPlaces(const SeenRecord& seen, HeldRecord* held);
  void AddPlaces(const weir_other_interfaces& places, HeldRecord* held);
  void AddPlace(const weir_interface& place, HeldRecord* held);
  sdk::Status EmitOldest();
  // Writes the records that count to `out`, and forgets all of them.
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
