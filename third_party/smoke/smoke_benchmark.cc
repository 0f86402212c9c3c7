// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "absl/strings/str_cat.h"

namespace {

void BM_StrCat(benchmark::State& state) {
  int i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(absl::StrCat("flow ", ++i));
  }
}
BENCHMARK(BM_StrCat);

}  // namespace
