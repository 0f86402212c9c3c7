// SPDX-License-Identifier: Apache-2.0
// Measures the cost of a record: encoding, writing to /dev/null, and counting.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>

#include "benchmark/benchmark.h"
#include "core/record/batch.h"
#include "core/record/testing/random_records.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/stdout/stdout.pb.h"
#include "sinks/stdout/stdout_sink.h"

namespace weir::sinks {
namespace {

constexpr int64_t kRecords = 10'000;

void Process(benchmark::State& state, Stdout::Format format) {
  sdk::testing::FakeHost host;
  Stdout config;
  config.set_format(format);
  const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  StdoutSink sink(config, host.MakeStage(), fd);
  const bool started = sink.Start().ok();
  if (fd < 0 || close(fd) != 0 || !started) {
    state.SkipWithError("the sink does not start");
    return;
  }
  weir_batch* const batch = host.MakeBatch(weir::testing::RandomRecords(7).OfTraffic(kRecords));
  for (auto _ : state) {
    if (!sink.Process(BatchView(batch)).ok()) {
      state.SkipWithError("the sink does not write");
      break;
    }
  }
  host.host()->batch_release(batch);
  if (!sink.Stop().ok()) state.SkipWithError("the sink does not stop");
  state.SetItemsProcessed(state.iterations() * kRecords);
}

void BM_StdoutJson(benchmark::State& state) { Process(state, Stdout::JSON); }
BENCHMARK(BM_StdoutJson);
void BM_StdoutCsv(benchmark::State& state) { Process(state, Stdout::CSV); }
BENCHMARK(BM_StdoutCsv);
void BM_StdoutTable(benchmark::State& state) { Process(state, Stdout::TABLE); }
BENCHMARK(BM_StdoutTable);

}  // namespace
}  // namespace weir::sinks
