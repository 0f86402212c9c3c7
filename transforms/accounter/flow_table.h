// SPDX-License-Identifier: Apache-2.0
// The flows that an accounter holds: found by their key, and ordered by their arrival.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_FLOW_TABLE_H_
#define WEIR_TRANSFORMS_ACCOUNTER_FLOW_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/record/record.h"
#include "transforms/accounter/entry_store.h"
#include "transforms/accounter/flow_entry.h"
#include "transforms/accounter/flow_index.h"
#include "transforms/accounter/label_table.h"

namespace weir::transforms {

// The memory that consecutive tables share. Must outlive them.
struct FlowTableMemory {
  EntryStore::Pool chunks;
  FlowIndex::Pool segments;
  LabelTable labels;

  size_t bytes() const { return chunks.bytes() + segments.bytes() + labels.bytes(); }
};

// One thread at a time.
class FlowTable {
 public:
  static constexpr uint32_t kNone = EntryStore::kNone;

  explicit FlowTable(FlowTableMemory* memory)
      : memory_(memory), entries_(&memory->chunks), index_(&memory->segments) {}
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  // Prefetch the memory for records that will be looked up. Call the first function for all
  // records, then the second one, so that the memory accesses overlap. Always inline: gcc omits the
  // call of a function that only prefetches, because it seems to have no effect.
  [[gnu::always_inline]] void PrefetchIndex(uint64_t hash) const { index_.Prefetch(hash); }
  // Returns the number of the entry that was probably found, or kNone.
  [[gnu::always_inline]] uint32_t PrefetchEntry(uint64_t hash) const {
    const uint32_t number = index_.Guess(hash);
    if (number == kNone) return kNone;
    const auto* const entry = reinterpret_cast<const char*>(&entries_[number]);
    __builtin_prefetch(entry);
    __builtin_prefetch(entry + 64);
    return number;
  }
  // Returns true if `guess`, from PrefetchEntry, is the entry of the record's flow. No entry may
  // have been removed since then.
  bool IsFlowOf(uint32_t guess, const Record& record) const {
    return guess != kNone && IsOf(guess, record);
  }

  // Returns the number of the record's flow; kNone if it is not held. `hash` is the hash of the
  // record, always from the same FlowHash.
  uint32_t Find(const Record& record, uint64_t hash) const {
    return index_.Find(hash, [&](uint32_t number) { return IsOf(number, record); });
  }

  // Begins a flow that is not held. Returns kNone, and does nothing, if there is no memory.
  uint32_t Add(const Record& record, uint64_t hash);
  // Adds a record to its flow.
  void Accumulate(const Record& record, uint32_t number) {
    FlowEntry& entry = entries_[number];
    if (!entry.wide && Merge(record, &entry)) return;
    AccumulateWhole(record, number);
  }
  // Begins the flow `number` again with a record. It is then the youngest flow.
  void Restart(const Record& record, uint32_t number);
  // Returns the merged record of a flow.
  void Get(uint32_t number, Record* record) const;

  void Remove(uint32_t number, uint64_t hash);
  // The flow that has been held for longest; kNone if there is none.
  uint32_t oldest() const { return entries_.oldest(); }

  // Nothing will be added to the table: only oldest, Get and RemoveOldest may be called.
  void Retire();
  void RemoveOldest();

  EntryStore& entries() { return entries_; }
  const EntryStore& entries() const { return entries_; }
  size_t size() const { return entries_.size(); }
  // The memory in addition to FlowTableMemory, mostly for records that do not fit into an entry.
  size_t bytes() const {
    return wide_.size() * sizeof(Record) + free_wide_.capacity() * sizeof(free_wide_[0]) +
           entries_.bytes() + index_.bytes();
  }
  size_t chunks() const { return entries_.chunks(); }
  size_t segments() const { return index_.segments(); }

 private:
  bool IsOf(uint32_t number, const Record& record) const {
    const FlowEntry& entry = entries_[number];
    if (!entry.HasKeyOf(record)) return false;
    if (!entry.wide) {
      return entry.network_namespace == record.network_namespace &&
             entry.vlan_key() == VlanKey(record);
    }
    const Record& whole = wide_[entry.wide_number];
    return whole.network_namespace == record.network_namespace && VlanKey(whole) == VlanKey(record);
  }
  void AccumulateWhole(const Record& record, uint32_t number);
  // Stores a record in an entry, compact or whole.
  void Put(const Record& record, FlowEntry* entry);
  void Drop(const FlowEntry& entry);

  FlowTableMemory* const memory_;
  EntryStore entries_;
  FlowIndex index_;
  // The records that do not fit into an entry, and the free places among them.
  std::deque<Record> wide_;
  std::vector<uint32_t> free_wide_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_FLOW_TABLE_H_
