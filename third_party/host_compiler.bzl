# SPDX-License-Identifier: Apache-2.0
"""A library with nothing in it, that cannot be had without a fit C++ compiler.

weir's lowest libraries depend on it, so that an unfit compiler is one sentence and
not a page of what it has to say about our sources.
"""

load("@rules_cc//cc:defs.bzl", "CcInfo")
load("@weir_host_tools//:tools.bzl", "HOST_TOOLS")

def _host_compiler_impl(_ctx):
    problem = HOST_TOOLS["g++"].problem
    if problem:
        fail(problem)
    return [CcInfo()]

host_compiler = rule(
    implementation = _host_compiler_impl,
    doc = "An empty C++ library; an error where the C++ compiler is not fit for weir.",
    provides = [CcInfo],
)
