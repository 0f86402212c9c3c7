// SPDX-License-Identifier: Apache-2.0
// Measures the choice per record: a random number, or a hash of the flow.
#include <cstdint>
#include <cstring>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/record/ip_addr.h"
#include "core/record/record.h"
#include "transforms/sample/flow_hash.h"
#include "transforms/sample/random_bits.h"

namespace weir::transforms {
namespace {

// Few enough for the second-level cache.
constexpr uint32_t kRecords = 4096;
constexpr uint64_t kLastThatPasses = UINT64_MAX / 100;

std::vector<Record> Records() {
  std::vector<Record> records(kRecords);
  for (uint32_t i = 0; i < kRecords; ++i) {
    const IpAddr source = IpAddr::FromV4(0x0A000000 + i);
    std::memcpy(records[i].src_addr, source.bytes.data(), kIpLength);
    records[i].src_port = static_cast<uint16_t>(i);
  }
  return records;
}

template <typename Draw>
void Measure(benchmark::State& state, Draw draw) {
  const std::vector<Record> records = Records();
  for (auto _ : state) {
    size_t passed = 0;
    for (const Record& record : records) passed += draw(record) <= kLastThatPasses ? 1 : 0;
    benchmark::DoNotOptimize(passed);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRecords));
}

void BM_SampleByRecord(benchmark::State& state) {
  RandomBits random(1);
  Measure(state, [&](const Record&) { return random.Next(); });
}
BENCHMARK(BM_SampleByRecord);

void BM_SampleByFlow(benchmark::State& state) {
  Measure(state, [](const Record& record) { return BothWaysHash(record, 0); });
}
BENCHMARK(BM_SampleByFlow);

// Reads the key of each record, the least that a hash must do.
void BM_FloorReadKey(benchmark::State& state) {
  Measure(state, [](const Record& record) {
    uint64_t words[5];
    std::memcpy(words, &record, sizeof(words));
    return words[0] ^ words[1] ^ words[2] ^ words[3] ^ words[4];
  });
}
BENCHMARK(BM_FloorReadKey);

}  // namespace
}  // namespace weir::transforms
