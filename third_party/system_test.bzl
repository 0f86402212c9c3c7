# SPDX-License-Identifier: Apache-2.0
"""Tests of code that needs a library of the machine (system_library.bzl)."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def skipped_test(name, why):
    """Makes a test that prints SKIPPED and the reason, in place of one that cannot be built.

    Args:
      name: the name of the test.
      why: the reason, a sentence.
    """
    native.genrule(
        name = name + "_source",
        outs = [name + "_skipped.cc"],
        cmd = "printf '%s\\n' " + "'#include \"gtest/gtest.h\"'" +
              " 'TEST(SystemLibraryTest, IsThere) { GTEST_SKIP() << R\"(SKIPPED: " + why + ")\"; }' >$@",
    )
    cc_test(
        name = name,
        size = "small",
        srcs = [":%s_source" % name],
        tags = ["system"],
        deps = ["@com_google_googletest//:gtest_main"],
    )
