# SPDX-License-Identifier: Apache-2.0
"""Tests of the project's own scripts, in Python."""

def script_test(name, data, size = "small", **kwargs):
    """Runs `<name>.py`, which has a first line for the system's Python.

    Args:
      name: of the test and of its file.
      data: the scripts under test, and what they need.
      size: as everywhere.
      **kwargs: as for sh_test.
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = [name + ".py"],
        data = data + [
            "scripts.py",
            "//tests/e2e:harness.py",
        ],
        **kwargs
    )
