# SPDX-License-Identifier: Apache-2.0
"""A C++ library without its headers, and those of what it stands on."""

load("@rules_cc//cc:defs.bzl", "CcInfo")

def _link_only_impl(ctx):
    return [CcInfo(linking_context = ctx.attr.library[CcInfo].linking_context)]

link_only = rule(
    implementation = _link_only_impl,
    doc = "For what is compiled with a library of the machine: that may have headers of the " +
          "same names, of Abseil for one, and must find its own.",
    attrs = {"library": attr.label(mandatory = True, providers = [CcInfo])},
    provides = [CcInfo],
)
