# SPDX-License-Identifier: Apache-2.0
"""One fuzz target, two uses.

    load("//tools/build:fuzz.bzl", "weir_fuzz_test")

    weir_fuzz_test(
        name = "loader_fuzz",
        srcs = ["loader_fuzz.cc"],       # has LLVMFuzzerTestOneInput
        corpus = glob(["corpus/**"]),
        dictionary = "loader.dict",      # words, for libFuzzer
        deps = [":loader"],
    )

  bazel test :loader_fuzz     gives it the corpus, whole and damaged: a unit test
  tools/fuzz //a:loader_fuzz  fuzzes with libFuzzer, from the corpus on

tools/fuzz without a target finds all of them by their tag.
"""

load("@rules_cc//cc:defs.bzl", "cc_test")

def weir_fuzz_test(name, srcs, deps = [], corpus = [], dictionary = None, tags = [], **kwargs):
    """A test that replays a corpus, or under --config=libfuzzer a fuzzer.

    Args:
      name: of the test.
      srcs: sources; one defines LLVMFuzzerTestOneInput.
      deps: what it fuzzes.
      corpus: input files.
      dictionary: a *.dict file in libFuzzer's format.
      tags: further ones.
      **kwargs: as for cc_test.
    """
    cc_test(
        name = name,
        srcs = srcs + select({
            "//tools/build:libfuzzer": [],
            "//conditions:default": ["//tools/build:fuzz_main.cc"],
        }),
        args = ["$(location %s)" % file for file in corpus],
        data = corpus + ([dictionary] if dictionary else []),
        linkopts = select({
            "//tools/build:libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = tags + ["fuzz"],
        deps = deps,
        **kwargs
    )
