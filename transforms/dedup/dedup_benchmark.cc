// SPDX-License-Identifier: Apache-2.0
// Measures, per record, the look-up of the counting place, and the whole transform in both modes.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "benchmark/benchmark.h"
#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/testing/bare_host.h"
#include "transforms/dedup/dedup.h"
#include "transforms/dedup/flow_places.h"

namespace weir::transforms {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

// Each flow at two interfaces, in an order unrelated to that in memory.
std::vector<Record> Records(uint32_t flows) {
  std::vector<Record> records(size_t{2} * flows);
  for (uint32_t i = 0; i < 2 * flows; ++i) {
    const uint32_t flow = static_cast<uint32_t>(uint64_t{i} * 2654435761u % flows);
    std::memset(records[i].src_addr + 10, 0xff, 2);
    std::memcpy(records[i].src_addr + 12, &flow, sizeof(flow));
    records[i].if_index = 1 + i / flows;
  }
  return records;
}

void BM_Dedup(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  const std::vector<Record> records = Records(flows);
  FlowPlaces places(flows, 10 * kSecond);
  uint64_t now_ns = 0;
  for (auto _ : state) {
    now_ns += kSecond;
    places.Expire(now_ns);
    size_t passed = 0;
    for (const Record& record : records) {
      HashedKey key;
      key.Set(record);
      passed += places.Counts(key, FlowPlaces::kNone, Place::Of(record), now_ns) ? 1 : 0;
    }
    benchmark::DoNotOptimize(passed);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(records.size()));
}
BENCHMARK(BM_Dedup)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

// The same look-ups in a plain map.
void BM_BaselineDedupMap(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  const std::vector<Record> records = Records(flows);
  struct HashOf {
    size_t operator()(const HashedKey& key) const { return key.hash; }
  };
  absl::flat_hash_map<HashedKey, Place, HashOf> places;
  for (auto _ : state) {
    size_t passed = 0;
    for (const Record& record : records) {
      HashedKey key;
      key.Set(record);
      const Place place = Place::Of(record);
      const auto entry = places.try_emplace(key, place).first;
      passed += entry->second == place ? 1 : 0;
    }
    benchmark::DoNotOptimize(passed);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(records.size()));
}
BENCHMARK(BM_BaselineDedupMap)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

// The records in batches of 256, as the host lends them: a stage may retain a batch.
class LentBatches {
 public:
  explicit LentBatches(const std::vector<Record>& records) {
    for (size_t first = 0; first < records.size(); first += kRows) {
      const auto size = static_cast<uint32_t>(std::min<size_t>(kRows, records.size() - first));
      weir_batch* const batch = sdk::testing::BareHost::Allocate(size);
      batch->size = size;
      std::memcpy(batch->rows, &records[first], size * sizeof(Record));
      batches_.push_back(batch);
    }
  }
  ~LentBatches() {
    for (weir_batch* const batch : batches_) sdk::testing::BareHost::Release(batch);
  }
  LentBatches(const LentBatches&) = delete;
  LentBatches& operator=(const LentBatches&) = delete;

  const std::vector<weir_batch*>& all() const { return batches_; }

 private:
  static constexpr uint32_t kRows = 256;

  std::vector<weir_batch*> batches_;
};

// The same records in batches. Each round emits everything that is held, which is included in the
// time. The first round, in which memory is new, is not measured.
void RunTransform(benchmark::State& state, Dedup::Mode mode, const std::vector<Record>& records,
                  uint32_t flows) {
  const LentBatches batches(records);
  sdk::testing::BareHost host;
  Dedup config;
  config.set_mode(mode);
  config.set_max_flows(flows);
  auto made = DedupTransform::Create(config, host.MakeStage());
  if (!made.ok()) return state.SkipWithError(made.status().message().c_str());
  const std::unique_ptr<DedupTransform> dedup = *std::move(made);
  const auto round = [&] {
    for (const weir_batch* const batch : batches.all()) {
      if (!dedup->Process(BatchView(batch)).ok()) state.SkipWithError("it fails");
    }
    host.Advance(2 * kSecond);
    if (!dedup->Tick(host.now_ns()).ok()) state.SkipWithError("it fails");
  };
  round();
  for (auto _ : state) round();
  if (host.emitted() != (1 + static_cast<uint64_t>(state.iterations())) * flows) {
    state.SkipWithError("not each flow went on once");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(records.size()));
}

void RunTransform(benchmark::State& state, Dedup::Mode mode) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  RunTransform(state, mode, Records(flows), flows);
}

void BM_DedupFirstCome(benchmark::State& state) { RunTransform(state, Dedup::FIRST_COME); }
BENCHMARK(BM_DedupFirstCome)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
void BM_DedupMerge(benchmark::State& state) { RunTransform(state, Dedup::MERGE); }
BENCHMARK(BM_DedupMerge)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

// Each flow at one interface: the whole path of its only record.
void BM_DedupMergeOnce(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  std::vector<Record> records = Records(flows);
  records.resize(flows);
  RunTransform(state, Dedup::MERGE, records, flows);
}
BENCHMARK(BM_DedupMergeOnce)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
}  // namespace weir::transforms
