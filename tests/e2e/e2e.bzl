# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests in Python, without a Python toolchain of Bazel's."""

def e2e_test(name, data = [], size = "medium", tags = []):
    """Runs `<name>.py`, which has a first line for the system's Python.

    Args:
      name: of the test and of its file.
      data: what it needs beside the installed tree.
      size: as everywhere.
      tags: as everywhere.
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = [name + ".py"],
        data = data + [
            "capture.py",
            "harness.py",
            "pbflow.py",
            "//tools:tree",
        ],
        tags = tags,
    )
