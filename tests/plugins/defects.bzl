# SPDX-License-Identifier: Apache-2.0
"""Plugins with one defect each."""

load("//plugins:weir_plugin.bzl", "weir_plugin")

def defect_plugins(name, defects, **kwargs):
    """Compiles defects.cc with -DDEFECT_<DEFECT> to `<defect>.so`, for each defect.

    Args:
      name: the name of a filegroup of all the files.
      defects: the names that defects.cc uses, in lower case.
      **kwargs: attributes of the filegroup, such as visibility.
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
