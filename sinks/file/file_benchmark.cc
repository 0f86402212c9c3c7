// SPDX-License-Identifier: Apache-2.0
// Measures the cost of a record until it is in the page cache. Compare it with
// //sinks/stdout:stdout_benchmark, which writes the same text to /dev/null.
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "benchmark/benchmark.h"
#include "core/record/batch.h"
#include "core/record/testing/random_records.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/file_sink.h"

namespace weir::sinks {
namespace {

constexpr int64_t kRecords = 10'000;

// Files of at most 16 MB, one of which is kept.
void Process(benchmark::State& state, File::Format format, File::Compression compression) {
  std::string folder = (std::filesystem::temp_directory_path() / "file_benchmark.XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    state.SkipWithError("no folder for the files");
    return;
  }
  sdk::testing::FakeHost host;
  File config;
  config.set_path(folder + "/%S.records");
  config.set_format(format);
  config.set_compression(compression);
  config.set_rotate_bytes(16 << 20);
  config.set_max_files(1);
  config.set_fsync(File::NEVER);
  auto sink = sdk::testing::MakeComponent<FileSink>(&host, config);
  if (!sink.ok() || !(*sink)->Start().ok()) {
    state.SkipWithError("the sink does not start");
    return;
  }
  weir_batch* const batch = host.MakeBatch(weir::testing::RandomRecords(7).OfTraffic(kRecords));
  for (auto _ : state) {
    if (!(*sink)->Process(BatchView(batch)).ok()) {
      state.SkipWithError("the sink does not write");
      break;
    }
  }
  host.host()->batch_release(batch);
  if (!(*sink)->Flush().ok() || !(*sink)->Stop().ok()) {
    state.SkipWithError("the sink does not stop");
  }
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) state.SkipWithError("the files cannot be removed");
  state.SetItemsProcessed(state.iterations() * kRecords);
}

void BM_FileJson(benchmark::State& state) { Process(state, File::JSON, File::NONE); }
BENCHMARK(BM_FileJson);
void BM_FileJsonGzip(benchmark::State& state) { Process(state, File::JSON, File::GZIP); }
BENCHMARK(BM_FileJsonGzip);
void BM_FileJsonZstd(benchmark::State& state) { Process(state, File::JSON, File::ZSTD); }
BENCHMARK(BM_FileJsonZstd);
void BM_FileCsv(benchmark::State& state) { Process(state, File::CSV, File::NONE); }
BENCHMARK(BM_FileCsv);
void BM_FileProtobuf(benchmark::State& state) { Process(state, File::PROTOBUF, File::NONE); }
BENCHMARK(BM_FileProtobuf);
void BM_FileRaw(benchmark::State& state) { Process(state, File::RAW, File::NONE); }
BENCHMARK(BM_FileRaw);

}  // namespace
}  // namespace weir::sinks
