# SPDX-License-Identifier: Apache-2.0
"""Tests of the project's own scripts, in Python."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")

def script_test(name, data, size = "small", **kwargs):
    """Runs `<name>.py` with the Python of the system.

    Args:
      name: the name of the test and of its file.
      data: the scripts under test and the files that they need.
      size: see Bazel's documentation.
      **kwargs: further attributes of sh_test.
    """
    sh_test(
        name = name,
        size = size,
        srcs = [name + ".py"],
        data = data + [
            "scripts.py",
            "//tests/e2e:harness.py",
        ],
        **kwargs
    )
