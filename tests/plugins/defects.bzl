# SPDX-License-Identifier: Apache-2.0
"""Plugins that are wrong in one way each."""

load("//plugins:weir_plugin.bzl", "weir_plugin")

def defect_plugins(names):
    """`<name>.so` of defects.cc compiled with -DDEFECT_<NAME>, for each name.

    Args:
      names: the defects, as defects.cc calls them in lower case.
    """
    for name in names:
        weir_plugin(
            name = name,
            testonly = True,
            srcs = ["defects.cc"],
            copts = ["-DDEFECT_" + name.upper()],
            deps = ["//plugins/sdk"],
        )
