# SPDX-License-Identifier: Apache-2.0
"""Benchmarks beside the code, with Google Benchmark.

    load("//tools/build:benchmark.bzl", "weir_benchmark")

    weir_benchmark(
        name = "accounter_benchmark",
        srcs = ["accounter_benchmark.cc"],   # has BENCHMARK(...), and no main()
        deps = [":accounter"],
    )

  bazel run :accounter_benchmark          measures; -- --benchmark_filter=X, --help
  bazel test :accounter_benchmark_test    runs each once, and fails where one has an error
                                          or none is there: so that they do not rot

What they have in common, so that one can be read beside another:

- The name is BM_<Stage>, with the number of flows behind it where it matters:
  BENCHMARK(BM_Account)->Arg(1'000)->Arg(100'000)->Arg(1'000'000), or ->Range. The test
  leaves out what has the argument 1000000: under a sanitizer that takes its time.
- state.SetItemsProcessed(records of all iterations): items_per_second is then records per
  second, 1e9 divided by it ns per record. The unit of time stays the default, ns.
- What holds memory says how much: state.counters["bytes_per_flow"].
- What a figure is held against is in the same program, named BM_Floor<What> (bare memory
  traffic, a memcpy) or BM_Baseline<What> (another way to do the same).
- state.SkipWithError("why") where something goes wrong; no figure is better than a wrong
  one. What the loop makes goes into benchmark::DoNotOptimize.

tools/bench userspace measures whole stages in turns; these are for the one who works on
one of them.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def weir_benchmark(name, srcs, deps = [], data = [], tags = [], size = "small"):
    """A program that measures, and a test that it works.

    Args:
      name: of the program; that of the test has "_test" behind it.
      srcs: sources; one has a BENCHMARK.
      deps: what it measures. @com_github_google_benchmark is there without being named.
      data: files for the run.
      tags: of the test.
      size: of the test.
    """
    benchmarks = name + "_functions"
    cc_library(
        name = benchmarks,
        testonly = True,
        srcs = srcs,
        deps = deps + ["@com_github_google_benchmark//:benchmark"],
        # Benchmarks register themselves: nobody refers to them.
        alwayslink = True,
    )
    cc_binary(
        name = name,
        testonly = True,
        data = data,
        deps = [benchmarks, "//tools/build:benchmark_main"],
    )
    cc_test(
        name = name + "_test",
        size = size,
        args = [
            "--benchmark_min_time=0",
            "--benchmark_filter=-/1000000",
        ],
        data = data,
        tags = tags,
        deps = [benchmarks, "//tools/build:benchmark_main"],
    )
