// SPDX-License-Identifier: Apache-2.0
#include "transforms/dedup/held_flows.h"

#include <algorithm>
#include <utility>

#include "plugins/sdk/copy_batch.h"

namespace weir::transforms {
namespace {

bool HasSameMacs(const Record& a, const Record& b) {
  return SrcMac(a) == SrcMac(b) && DstMac(a) == DstMac(b);
}

}  // namespace

void HeldFlows::PrefetchRecord(const HashedKey& key) const {
  const auto found = flows_.find(OfHash{key.hash});
  if (found == flows_.end()) return;
  const auto* const held = reinterpret_cast<const char*>(found->held);
  for (size_t line = 0; line < sizeof(HeldRecord); line += 64) __builtin_prefetch(held + line);
}

sdk::Status HeldFlows::Take(const SeenRecord& seen, uint64_t now_ns) {
  const auto found = flows_.find(seen.key);
  if (found == flows_.end()) return Add(seen, now_ns);
  HeldRecord* const held = found->held;
  const bool same_place = Place::Of(held->record) == Place::Of(seen.record);
  if (held->counts && same_place) {
    if (!HasSameMacs(held->record, seen.record)) {
      // At the same place, other MACs mean other packets: a record of its own. The record before it
      // still counts.
      flows_.erase(found);
      held->is_indexed = false;
      return Add(seen, now_ns);
    }
    Accumulate(seen.record, &held->record);
  } else if (!held->counts && seen.counts) {
    TakePlaceOfDuplicate(seen.record, held);
    held->counts = true;
  }
  // The flow's place may be forgotten while its record is held. A record that counts now is still
  // of the same packets.
  AddPlaces(seen, held);
  ++merged_;
  return sdk::OkStatus();
}

sdk::Status HeldFlows::Add(const SeenRecord& seen, uint64_t now_ns) {
  if (sdk::Status status = MakeRoom(now_ns); !status.ok()) return status;
  HeldBatch& newest = batches_.back();
  newest.newest_ns = now_ns;
  HeldRecord* const held = &newest.chunk->records[newest.size++];
  held->record = seen.record;
  held->hash = seen.key.hash;
  held->list = HeldRecord::kNoList;
  held->counts = seen.counts;
  held->is_indexed = true;
  ++held_;
  flows_.insert(Newest{held, held->hash});
  // Its own place is in the record.
  if (seen.others != nullptr) AddPlaces(*seen.others, held);
  return sdk::OkStatus();
}

// The duplicate came before the record that counts: its place is the first in the list.
void HeldFlows::TakePlaceOfDuplicate(const Record& record, HeldRecord* held) {
  const weir_interface duplicate = InterfaceOf(held->record);
  held->record = record;
  const uint32_t seen_with_it = std::exchange(held->list, HeldRecord::kNoList);
  AddPlace(duplicate, held);
  if (seen_with_it == HeldRecord::kNoList) return;
  AddPlaces(lists_[seen_with_it], held);
  lists_.Give(seen_with_it);
}

void HeldFlows::AddPlaces(const SeenRecord& seen, HeldRecord* held) {
  AddPlace(InterfaceOf(seen.record), held);
  if (seen.others != nullptr) AddPlaces(*seen.others, held);
}

void HeldFlows::AddPlaces(const weir_other_interfaces& places, HeldRecord* held) {
  for (uint32_t i = 0; i < CountOf(places); ++i) AddPlace(places.interfaces[i], held);
}

void HeldFlows::AddPlace(const weir_interface& place, HeldRecord* held) {
  if (IsSameInterface(place, InterfaceOf(held->record))) return;
  if (held->list == HeldRecord::kNoList) held->list = lists_.Take();
  if (!AddInterface(place, held->record, &lists_[held->list])) ++unlisted_;
}

// Afterwards the newest chunk has room for one more record.
sdk::Status HeldFlows::MakeRoom(uint64_t now_ns) {
  if (!batches_.empty()) {
    const HeldBatch& newest = batches_.back();
    const bool is_full = newest.size == newest.capacity;
    if (!is_full && now_ns - newest.opened_ns < window_ns_ / 10) return sdk::OkStatus();
  }
  while (held_ >= max_flows_) {
    if (sdk::Status status = EmitOldest(); !status.ok()) return status;
  }
  std::unique_ptr<HeldChunk> chunk = chunks_.Take();
  if (chunk == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for records that wait"};
  const auto capacity =
      static_cast<uint32_t>(std::min<size_t>(max_flows_ - held_, HeldChunk::kRecords));
  batches_.push_back({std::move(chunk), 0, capacity, now_ns, now_ns});
  return sdk::OkStatus();
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
  HeldBatch& oldest = batches_.front();
  const weir_batch layout = LayoutWithInterfaces();
  weir_batch* const out =
      stage_->host()->batch_allocate(stage_->raw(), std::max(oldest.size, 1u), &layout);
  if (out == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch"};
  WriteAndForget(oldest, out);
  chunks_.Give(std::move(oldest.chunk));
  batches_.pop_front();
  if (out->size > 0) return stage_->Emit(out);
  stage_->host()->batch_release(out);
  return sdk::OkStatus();
}

void HeldFlows::WriteAndForget(const HeldBatch& batch, weir_batch* out) {
  // Far enough ahead for the memory to arrive in time.
  constexpr uint32_t kAhead = 16;
  for (uint32_t i = 0; i < batch.size; ++i) {
    if (i + kAhead < batch.size) {
      flows_.prefetch(HashToPrefetch{batch.chunk->records[i + kAhead].hash});
    }
    HeldRecord& held = batch.chunk->records[i];
    if (held.is_indexed) flows_.erase(Newest{&held, held.hash});
    if (held.counts) {
      Write(held, out);
    } else {
      ++filtered_;
    }
    if (held.list != HeldRecord::kNoList) lists_.Give(held.list);
  }
  held_ -= batch.size;
}

// The rest of a row is zero.
void HeldFlows::Write(const HeldRecord& held, weir_batch* out) {
  Record* const row = sdk::MutableRow(out, out->size++);
  *row = held.record;
  if (held.list == HeldRecord::kNoList) return;
  const weir_other_interfaces& list = lists_[held.list];
  auto* const others = reinterpret_cast<weir_other_interfaces*>(row + 1);
  others->count = list.count;
  std::copy_n(list.interfaces, CountOf(list), others->interfaces);
}

}  // namespace weir::transforms
