# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests in Python that need no Python toolchain of Bazel."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")

def e2e_test(name, data = [], size = "medium", tags = []):
    """Runs `<name>.py` with the Python of the system.

    Args:
      name: the name of the test and of its file.
      data: files that the test needs besides the installed tree.
      size: see Bazel's documentation.
      tags: see Bazel's documentation.
    """
    sh_test(
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
