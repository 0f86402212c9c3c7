# SPDX-License-Identifier: Apache-2.0
"""A C++ library without its headers and without those of its dependencies."""

load("@rules_cc//cc:defs.bzl", "CcInfo")

def _link_only_impl(ctx):
    return [CcInfo(linking_context = ctx.attr.library[CcInfo].linking_context)]

link_only = rule(
    implementation = _link_only_impl,
    doc = "For code that is compiled with a library of the machine. That library may have " +
          "headers of the same names, such as Abseil's, and must find its own.",
    attrs = {"library": attr.label(mandatory = True, providers = [CcInfo])},
    provides = [CcInfo],
)
