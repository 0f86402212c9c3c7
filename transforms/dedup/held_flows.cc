// SPDX-License-Identifier: Apache-2.0
#include "transforms/dedup/held_flows.h"

#include <algorithm>
#include <cstring>

#include "plugins/sdk/copy_batch.h"

namespace weir::transforms {
namespace {

bool HasSameMacs(const Record& a, const Record& b) {
  return SrcMac(a) == SrcMac(b) && DstMac(a) == DstMac(b);
}

}  // namespace

HeldFlows::~HeldFlows() {
  for (const HeldBatch& held : batches_) stage_->host()->batch_release(held.batch);
}

void HeldFlows::PrefetchRow(const HashedKey& key) const {
  const auto found = flows_.find(key);
  if (found == flows_.end()) return;
  // The record, and the begin of the list behind it.
  const auto* const row = reinterpret_cast<const char*>(found->first.row);
  for (size_t line = 0; line < 4; ++line) __builtin_prefetch(row + line * 64);
}

sdk::Status HeldFlows::Take(const SeenRecord& seen, uint64_t now_ns) {
  const auto found = flows_.find(seen.key);
  if (found == flows_.end()) return Add(seen, now_ns);
  Record* const row = found->first.row;
  bool& counts = found->second;
  const bool same_place = Place::Of(*row) == Place::Of(seen.record);
  if (counts && same_place) {
    if (!HasSameMacs(*row, seen.record)) {
      // At one place other MACs are other packets: a record of its own. The one before counts,
      // as all do that are not their flow's newest.
      flows_.erase(found);
      return Add(seen, now_ns);
    }
    Accumulate(seen.record, row);
  } else if (!counts && seen.counts) {
    TakePlaceOfDuplicate(seen.record, row);
    counts = true;
  }
  // Where the flow's place was forgotten while its record was held, one that counts now is
  // still of the same packets.
  AddPlaces(seen, row);
  ++merged_;
  return sdk::OkStatus();
}

sdk::Status HeldFlows::Add(const SeenRecord& seen, uint64_t now_ns) {
  if (sdk::Status status = MakeRoom(now_ns); !status.ok()) return status;
  HeldBatch& newest = batches_.back();
  newest.newest_ns = now_ns;
  Record* const row = sdk::MutableRow(newest.batch, newest.batch->size++);
  *row = seen.record;
  ++held_;
  flows_.emplace(Newest{row, seen.key.hash}, seen.counts);
  // Its own place is in the row.
  if (seen.others != nullptr) AddPlaces(*seen.others, row);
  return sdk::OkStatus();
}

// A duplicate came before the record that counts: it becomes the first of its list.
void HeldFlows::TakePlaceOfDuplicate(const Record& record, Record* row) {
  const weir_interface duplicate = InterfaceOf(*row);
  const weir_other_interfaces seen_with_it = *OthersOf(row);
  *row = record;
  *OthersOf(row) = {};
  AddPlace(duplicate, row);
  AddPlaces(seen_with_it, row);
}

void HeldFlows::AddPlaces(const SeenRecord& seen, Record* row) {
  AddPlace(InterfaceOf(seen.record), row);
  if (seen.others != nullptr) AddPlaces(*seen.others, row);
}

void HeldFlows::AddPlaces(const weir_other_interfaces& places, Record* row) {
  for (uint32_t i = 0; i < CountOf(places); ++i) AddPlace(places.interfaces[i], row);
}

void HeldFlows::AddPlace(const weir_interface& place, Record* row) {
  if (!AddInterface(place, *row, OthersOf(row))) ++unlisted_;
}

// Afterwards there is a row for one more in the newest batch.
sdk::Status HeldFlows::MakeRoom(uint64_t now_ns) {
  if (!batches_.empty()) {
    const HeldBatch& newest = batches_.back();
    const bool is_full = newest.batch->size == newest.batch->capacity;
    if (!is_full && now_ns - newest.opened_ns < window_ns_ / 10) return sdk::OkStatus();
  }
  while (held_ >= max_flows_) {
    if (sdk::Status status = EmitOldest(); !status.ok()) return status;
  }
  weir_batch* const batch =
      NewBatch(std::min<size_t>(max_flows_ - held_, sdk::BatchWriter::kDefaultRows));
  if (batch == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch"};
  batches_.push_back({batch, now_ns, now_ns});
  return sdk::OkStatus();
}

weir_batch* HeldFlows::NewBatch(size_t rows) const {
  const weir_batch layout = LayoutWithInterfaces();
  return stage_->host()->batch_allocate(stage_->raw(), static_cast<uint32_t>(rows), &layout);
}

sdk::Status HeldFlows::EmitDue(uint64_t now_ns) {
  while (!batches_.empty() && batches_.front().newest_ns + window_ns_ <= now_ns) {
    if (sdk::Status status = EmitOldest(); !status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status HeldFlows::EmitAll() {
  while (!batches_.empty()) {
    if (sdk::Status status = EmitOldest(); !status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status HeldFlows::EmitOldest() {
  weir_batch* const batch = batches_.front().batch;
  batches_.pop_front();
  Settle(batch);
  if (batch->size > 0) return stage_->Emit(batch);
  stage_->host()->batch_release(batch);
  return sdk::OkStatus();
}

void HeldFlows::Settle(weir_batch* batch) {
  const uint32_t size = batch->size;
  batch->size = 0;
  held_ -= size;
  Keys keys;
  for (uint32_t i = 0; i < size; ++i) {
    if (i % kGroup == 0) LookAhead(batch, i, std::min(kGroup, size - i), &keys);
    Record* const row = sdk::MutableRow(batch, i);
    if (!Forget(keys[i % kGroup], row)) {
      ++filtered_;
      continue;
    }
    if (batch->size != i) std::memcpy(sdk::MutableRow(batch, batch->size), row, batch->stride);
    ++batch->size;
  }
}

void HeldFlows::LookAhead(weir_batch* batch, uint32_t first, uint32_t rows, Keys* keys) const {
  for (uint32_t i = 0; i < rows; ++i) {
    HashedKey& key = (*keys)[i];
    key.Set(*sdk::MutableRow(batch, first + i));
    PrefetchIndex(key);
  }
  for (uint32_t i = 0; i < rows; ++i) {
    const auto guess = flows_.find(AnyOfHash{(*keys)[i].hash});
    if (guess != flows_.end()) __builtin_prefetch(&*guess);
  }
}

bool HeldFlows::Forget(const HashedKey& key, const Record* row) {
  const auto found = flows_.find(key);
  // A flow may have a newer record at the same place: then this one counts.
  if (found == flows_.end() || found->first.row != row) return true;
  const bool counts = found->second;
  flows_.erase(found);
  return counts;
}

}  // namespace weir::transforms
