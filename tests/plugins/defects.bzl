# SPDX-License-Identifier: Apache-2.0
"""Plugins that are wrong in one way each."""

load("//plugins:weir_plugin.bzl", "weir_plugin")

def defect_plugins(name, defects, **kwargs):
    """`<defect>.so` of defects.cc compiled with -DDEFECT_<DEFECT>, for each defect.

    Args:
      name: of the files together.
      defects: as defects.cc calls them, in lower case.
      **kwargs: visibility and so on of the files together.
    """
    for defect in defects:
        weir_plugin(
            name = defect,
            testonly = True,
            srcs = ["defects.cc"],
            copts = ["-DDEFECT_" + defect.upper()],
            deps = ["//plugins/sdk"],
        )
    native.filegroup(
        name = name,
        testonly = True,
        srcs = [":" + defect for defect in defects],
        **kwargs
    )
