// SPDX-License-Identifier: Apache-2.0
// The cost of passing a batch from one thread to another: CPU time of both threads.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/input_queue.h"
#include "core/record/record.h"

namespace weir::pipeline {
namespace {

constexpr uint32_t kRows = 256;       // as sdk::BatchWriter
constexpr size_t kQueueBatches = 64;  // the default of a pipeline file

// Fills batches as a source does: from rows that are not in a CPU cache.
class Filler {
 public:
  BatchRef Next() {
    weir_batch* const batch = AllocateBatch(kRows);
    std::memcpy(batch->rows, &rows_[next_], kRows * sizeof(Record));
    batch->size = kRows;
    next_ = (next_ + kRows) % rows_.size();
    return BatchRef::Adopt(batch);
  }

 private:
  std::vector<Record> rows_ = std::vector<Record>(256 * kRows);
  size_t next_ = 0;
};

void SetRecords(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

void BM_FloorFillBatches(benchmark::State& state) {
  Filler filler;
  for (auto _ : state) benchmark::DoNotOptimize(filler.Next());
  SetRecords(state);
}
BENCHMARK(BM_FloorFillBatches)->MeasureProcessCPUTime();

void BM_HandOver(benchmark::State& state) {
  InputQueue queue(1, kQueueBatches);
  std::thread consumer([&queue] {
    while (queue.Pop(absl::InfiniteDuration()).outcome == InputQueue::Outcome::kBatch) {
    }
  });
  Filler filler;
  for (auto _ : state) {
    if (!queue.Push(0, filler.Next())) state.SkipWithError("the queue takes no batch");
  }
  queue.Close();
  consumer.join();
  SetRecords(state);
}
BENCHMARK(BM_HandOver)->MeasureProcessCPUTime();

}  // namespace
}  // namespace weir::pipeline
