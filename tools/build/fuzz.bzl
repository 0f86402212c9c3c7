# SPDX-License-Identifier: Apache-2.0
"""One fuzz target, two uses.

    load("//tools/build:fuzz.bzl", "weir_fuzz_test")

    weir_fuzz_test(
        name = "loader_fuzz",
        srcs = ["loader_fuzz.cc"],       # has LLVMFuzzerTestOneInput
        corpus = glob(["corpus/**"]),
        deps = [":loader"],
    )

  bazel test :loader_fuzz                       gives it the corpus, whole and damaged: a unit test
  bazel build --config=libfuzzer :loader_fuzz   makes a libFuzzer program to run by hand
"""

def weir_fuzz_test(name, srcs, deps = [], corpus = [], **kwargs):
    """A test that replays a corpus, or under --config=libfuzzer a fuzzer.

    Args:
      name: of the test.
      srcs: sources; one defines LLVMFuzzerTestOneInput.
      deps: what it fuzzes.
      corpus: input files.
      **kwargs: as for cc_test.
    """
    native.cc_test(
        name = name,
        srcs = srcs + select({
            "//tools/build:libfuzzer": [],
            "//conditions:default": ["//tools/build:fuzz_main.cc"],
        }),
        args = ["$(location %s)" % file for file in corpus],
        data = corpus,
        linkopts = select({
            "//tools/build:libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps,
        **kwargs
    )
