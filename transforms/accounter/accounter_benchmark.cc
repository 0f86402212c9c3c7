// SPDX-License-Identifier: Apache-2.0
// Measures the cost of a record in the accounter by the number of held flows, and the cost of an
// evicted flow. For comparison: another table, and plain memory accesses on this machine.
//
// Records come as from a full queue: a number of batches of 256 rows was written a moment ago, each
// row of a random flow. Only taking them in is timed.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/testing/bare_host.h"
#include "transforms/accounter/accounter.h"
#include "transforms/accounter/flow_key.h"

namespace weir::transforms {
namespace {

constexpr uint32_t kBatchRows = 256;
constexpr uint32_t kQueuedBatches = 64;

using sdk::testing::BareHost;

// Records of `flows` flows, in random order or one flow after the other.
class Traffic {
 public:
  explicit Traffic(uint32_t flows) : flows_(flows), random_(42) {
    for (uint32_t i = 0; i < kQueuedBatches; ++i) {
      batches_.emplace_back(BareHost::Allocate(kBatchRows), BareHost::Release);
      batches_.back()->size = kBatchRows;
    }
  }

  const std::vector<std::unique_ptr<weir_batch, void (*)(const weir_batch*)>>& batches() const {
    return batches_;
  }
  uint32_t flows() const { return flows_; }

  void DrawAll() {
    FillAll([this] { return static_cast<uint32_t>((uint64_t{random_()} * flows_) >> 32); });
  }
  // Continues after the last call. True when each flow has had a turn.
  bool NextFlows() {
    FillAll([this] { return next_ = (next_ + 1) % flows_; });
    given_ += uint64_t{kQueuedBatches} * kBatchRows;
    return given_ >= flows_;
  }

 private:
  template <typename NextFlow>
  void FillAll(NextFlow next_flow) {
    for (const auto& batch : batches_) {
      for (uint32_t i = 0; i < kBatchRows; ++i) {
        Fill(next_flow(), reinterpret_cast<Record*>(batch->rows + i * sizeof(Record)));
      }
    }
  }

  void Fill(uint32_t flow, Record* record) {
    ++time_ns_;
    std::memset(record, 0, sizeof(*record));
    record->src_addr[10] = record->src_addr[11] = 0xff;
    record->dst_addr[10] = record->dst_addr[11] = 0xff;
    record->src_addr[12] = 10;
    for (uint32_t i = 0; i < 3; ++i) record->src_addr[13 + i] = static_cast<uint8_t>(flow >> 8 * i);
    std::memcpy(record->dst_addr + 12, "\xc0\xa8\x01\x01", 4);
    record->eth_protocol = 0x0800;
    record->src_port = static_cast<uint16_t>(flow * 7);
    record->dst_port = 443;
    record->transport_protocol = 6;
    record->if_index = 2;
    record->packets = 1;
    record->bytes = 1500;
    record->start_mono_time_ns = time_ns_;
    record->end_mono_time_ns = time_ns_;
    record->start_wall_time_ns = static_cast<int64_t>(1'661'272'402'000'000'000 + time_ns_);
    record->end_wall_time_ns = record->start_wall_time_ns;
    record->present = WEIR_HAS_TCP_FLAGS | WEIR_HAS_WIRE_PACKETS | kTimeBits;
    record->tcp_flags = 0x10;
    record->wire_packets = 1;
    std::memcpy(record->interface_name, "eth0", 4);
  }

  const uint32_t flows_;
  std::mt19937 random_;
  uint32_t next_ = 0;
  uint64_t given_ = 0;
  uint64_t time_ns_ = 1'000'000'000'000;
  std::vector<std::unique_ptr<weir_batch, void (*)(const weir_batch*)>> batches_;
};

// The number of the flow that Traffic has put into a record.
uint32_t FlowOf(const Record& record) {
  uint32_t address;
  std::memcpy(&address, record.src_addr + 12, sizeof(address));
  return address >> 8;
}

double ThreadSeconds() {
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) std::abort();
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// CPU time of this thread, so that other programs do not matter.
double SecondsOf(const std::function<void()>& work) {
  const double begin = ThreadSeconds();
  work();
  return ThreadSeconds() - begin;
}

std::unique_ptr<AccounterTransform> Make(BareHost* host, const Accounter& config) {
  auto made = AccounterTransform::Create(config, host->MakeStage());
  if (!made.ok()) std::abort();
  return *std::move(made);
}

bool TakeIn(AccounterTransform* accounter, const Traffic& traffic) {
  for (const auto& batch : traffic.batches()) {
    if (!accounter->Process(BatchView(batch.get())).ok()) return false;
  }
  return true;
}

bool TakeInEachFlow(AccounterTransform* accounter, Traffic* traffic) {
  for (bool done = false; !done;) {
    done = traffic->NextFlows();
    if (!TakeIn(accounter, *traffic)) return false;
  }
  return true;
}

void Account(benchmark::State& state, Accounter config) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  BareHost host;
  config.set_max_entries(flows + 1);
  const auto accounter = Make(&host, config);
  Traffic traffic(flows);
  if (!TakeInEachFlow(accounter.get(), &traffic)) return state.SkipWithError("not taken in");
  for (auto _ : state) {
    traffic.DrawAll();
    bool taken = false;
    state.SetIterationTime(SecondsOf([&] { taken = TakeIn(accounter.get(), traffic); }));
    if (!taken) return state.SkipWithError("not taken in");
  }
  if (host.emitted() > 0) state.SkipWithError("flows were evicted");
  state.SetItemsProcessed(state.iterations() * int64_t{kQueuedBatches} * kBatchRows);
  state.counters["bytes_per_flow"] = static_cast<double>(accounter->bytes()) / flows;
}

void BM_Account(benchmark::State& state) { Account(state, Accounter()); }

// With timeouts, none of which expires.
void BM_AccountWithTimeouts(benchmark::State& state) {
  Accounter config;
  config.set_active_timeout("1h");
  config.set_idle_timeout("1h");
  config.set_eviction(Accounter::OLDEST);
  Account(state, std::move(config));
}

// A record of a new flow.
void BM_Begin(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  BareHost host;
  Accounter config;
  config.set_max_entries(flows + 1);
  const auto accounter = Make(&host, config);
  int64_t records = 0;
  for (auto _ : state) {
    Traffic traffic(flows);
    double seconds = 0;
    for (bool done = false; !done;) {
      done = traffic.NextFlows();
      seconds += SecondsOf([&] { TakeIn(accounter.get(), traffic); });
      records += int64_t{kQueuedBatches} * kBatchRows;
    }
    state.SetIterationTime(seconds);
    if (!accounter->Flush().ok()) state.SkipWithError("not evicted");
  }
  state.SetItemsProcessed(records);
}

void Evict(benchmark::State& state, Accounter config,
           const std::function<bool(BareHost*, AccounterTransform*)>& evict) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  BareHost host;
  config.set_max_entries(flows);
  const auto accounter = Make(&host, config);
  uint64_t expected = 0;
  for (auto _ : state) {
    Traffic traffic(flows);
    if (!TakeInEachFlow(accounter.get(), &traffic)) return state.SkipWithError("not taken in");
    bool evicted = false;
    state.SetIterationTime(SecondsOf([&] { evicted = evict(&host, accounter.get()); }));
    expected += flows;
    if (!evicted || host.emitted() != expected)
      return state.SkipWithError("not all flows were evicted");
  }
  state.SetItemsProcessed(state.iterations() * flows);
}

void BM_Evict(benchmark::State& state) {
  Evict(state, Accounter(),
        [](BareHost*, AccounterTransform* accounter) { return accounter->Flush().ok(); });
}

// By the timer wheel.
void BM_EvictIdle(benchmark::State& state) {
  Accounter config;
  config.set_idle_timeout("10s");
  Evict(state, config, [](BareHost* host, AccounterTransform* accounter) {
    host->Advance(10'000'000'000);
    for (uint64_t before = ~uint64_t{0}; before != host->emitted();) {
      before = host->emitted();
      if (!accounter->Tick(host->now_ns()).ok()) return false;
    }
    return true;
  });
}

struct Key {
  uint8_t bytes[kKeySize];
  uint64_t network_namespace;

  static Key Of(const Record& record) {
    Key key;
    std::memcpy(key.bytes, &record, kKeySize);
    key.network_namespace = record.network_namespace;
    return key;
  }
  friend bool operator==(const Key& a, const Key& b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }
  template <typename H>
  friend H AbslHashValue(H state, const Key& key) {
    return H::combine_contiguous(std::move(state), reinterpret_cast<const unsigned char*>(&key),
                                 sizeof(key));
  }
};

// The same with whole records in Abseil's table, one record after another.
void BM_BaselineFlatHashMap(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  absl::flat_hash_map<Key, Record> table;
  Traffic traffic(flows);
  const auto take_in = [&] {
    for (const auto& batch : traffic.batches()) {
      for (const Record& record : BatchView(batch.get())) {
        const auto [flow, added] = table.try_emplace(Key::Of(record), record);
        if (!added) Accumulate(record, &flow->second);
      }
    }
  };
  while (!traffic.NextFlows()) take_in();
  take_in();
  for (auto _ : state) {
    traffic.DrawAll();
    state.SetIterationTime(SecondsOf(take_in));
  }
  state.SetItemsProcessed(state.iterations() * int64_t{kQueuedBatches} * kBatchRows);
  state.counters["bytes_per_flow"] =
      static_cast<double>(table.capacity() * (sizeof(std::pair<Key, Record>) + 1)) / flows;
}

// The least work of any table: reads each row, and reads and writes two cache lines at a place that
// the row selects.
void BM_FloorMemory(benchmark::State& state) {
  struct alignas(64) Lines {
    uint64_t words[16];
  };
  const auto flows = static_cast<uint32_t>(state.range(0));
  std::vector<Lines> lines(flows);
  Traffic traffic(flows);
  for (auto _ : state) {
    traffic.DrawAll();
    state.SetIterationTime(SecondsOf([&] {
      for (const auto& batch : traffic.batches()) {
        for (const Record& record : BatchView(batch.get())) {
          Lines& line = lines[FlowOf(record)];
          line.words[0] |= record.present;
          line.words[8] += record.packets;
          line.words[9] += record.bytes;
          line.words[10] = record.end_mono_time_ns;
        }
      }
      benchmark::ClobberMemory();
    }));
  }
  state.SetItemsProcessed(state.iterations() * int64_t{kQueuedBatches} * kBatchRows);
}

// The least work of any eviction: writes a row for each entry that it reads.
void BM_FloorEvict(benchmark::State& state) {
  struct alignas(64) Lines {
    uint8_t bytes[128];
  };
  const auto flows = static_cast<uint32_t>(state.range(0));
  std::vector<Lines> lines(flows);
  for (auto _ : state) {
    std::memset(lines.data(), 1, lines.size() * sizeof(Lines));
    state.SetIterationTime(SecondsOf([&] {
      for (uint32_t flow = 0; flow < flows;) {
        weir_batch* const batch = BareHost::Allocate(kBatchRows);
        for (uint32_t i = 0; i < kBatchRows && flow < flows; ++i, ++flow) {
          std::memcpy(batch->rows + i * sizeof(Record), &lines[flow], sizeof(Lines));
        }
        benchmark::DoNotOptimize(batch->rows);
        BareHost::Release(batch);
      }
    }));
  }
  state.SetItemsProcessed(state.iterations() * flows);
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->UseManualTime();
}

BENCHMARK(BM_Account)->Apply(Sizes);
BENCHMARK(BM_AccountWithTimeouts)->Apply(Sizes);
BENCHMARK(BM_BaselineFlatHashMap)->Apply(Sizes);
BENCHMARK(BM_FloorMemory)->Apply(Sizes);
BENCHMARK(BM_Begin)->Apply(Sizes);
BENCHMARK(BM_Evict)->Apply(Sizes);
BENCHMARK(BM_EvictIdle)->Apply(Sizes);
BENCHMARK(BM_FloorEvict)->Apply(Sizes);

}  // namespace
}  // namespace weir::transforms
