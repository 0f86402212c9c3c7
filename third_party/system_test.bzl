# SPDX-License-Identifier: Apache-2.0
"""Tests of what needs a library of the machine (system_library.bzl)."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def skipped_test(name, why):
    """A test that says SKIPPED and why, in place of one that cannot be built.

    Args:
      name: of the test.
      why: a sentence.
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
