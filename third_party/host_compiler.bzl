# SPDX-License-Identifier: Apache-2.0
"""An empty library that fails to build if weir cannot use the C++ compiler.

weir's lowest libraries depend on it. So an unsuitable compiler gives one sentence, and not
a page of errors in weir's sources.
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
    doc = "An empty C++ library; an error if weir cannot use the C++ compiler.",
    provides = [CcInfo],
)
