// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/flow_table.h"

namespace weir::transforms {

uint32_t FlowTable::Add(const Record& record, uint64_t hash) {
  const uint32_t number = entries_.Add();
  if (number == kNone) return kNone;
  if (!index_.Insert(hash, number)) {
    entries_.Remove(number);
    return kNone;
  }
  Put(record, &entries_[number]);
  return number;
}

void FlowTable::Put(const Record& record, FlowEntry* entry) {
  const uint16_t label = memory_->labels.NumberOf(record);
  if (label != LabelTable::kNone && Compact(record, entry)) {
    entry->label = label;
    return;
  }
  uint32_t number;
  if (free_wide_.empty()) {
    number = static_cast<uint32_t>(wide_.size());
    wide_.push_back(record);
  } else {
    number = free_wide_.back();
    free_wide_.pop_back();
    wide_[number] = record;
  }
  std::memcpy(entry->key, &record, kKeySize);
  entry->network_namespace = static_cast<uint32_t>(record.network_namespace);
  entry->wide = 1;
  entry->wide_number = number;
}

void FlowTable::Drop(const FlowEntry& entry) {
  if (entry.wide) free_wide_.push_back(entry.wide_number);
}

void FlowTable::AccumulateWhole(const Record& record, uint32_t number) {
  FlowEntry& entry = entries_[number];
  if (entry.wide) return weir::Accumulate(record, &wide_[entry.wide_number]);
  Record whole;
  Get(number, &whole);
  weir::Accumulate(record, &whole);
  Put(whole, &entry);
}

void FlowTable::Restart(const Record& record, uint32_t number) {
  FlowEntry& entry = entries_[number];
  Drop(entry);
  Put(record, &entry);
  entries_.Renew(number);
}

void FlowTable::Get(uint32_t number, Record* record) const {
  const FlowEntry& entry = entries_[number];
  if (entry.wide) {
    *record = wide_[entry.wide_number];
    return;
  }
  Expand(entry, record);
  memory_->labels.Apply(entry.label, record);
}

void FlowTable::Remove(uint32_t number, uint64_t hash) {
  index_.Erase(hash, number);
  Drop(entries_[number]);
  entries_.Remove(number);
  if (size() == 0) Retire();
}

void FlowTable::Retire() {
  index_.Clear();
  free_wide_.clear();
  if (size() == 0) wide_.clear();
}

void FlowTable::RemoveOldest() {
  entries_.RemoveOldestForGood();
  if (size() == 0) Retire();
}

}  // namespace weir::transforms
