# SPDX-License-Identifier: Apache-2.0
"""Targets that exist only in a build with a sanitizer."""

SANITIZERS = ["asan", "tsan", "ubsan"]

def only_with(sanitizers):
    """A value for `target_compatible_with`: skips the target without one of `sanitizers`.

    Args:
      sanitizers: a list of names in SANITIZERS.
    """
    compatible = {"//tools/build:" + name: [] for name in sanitizers}
    compatible["//conditions:default"] = ["//tools/build:never"]
    return select(compatible)
