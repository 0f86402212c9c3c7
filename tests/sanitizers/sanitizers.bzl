# SPDX-License-Identifier: Apache-2.0
"""What exists only where everything is compiled with a sanitizer."""

SANITIZERS = ["asan", "tsan", "ubsan"]

def only_with(sanitizers):
    """For `target_compatible_with`: the target is skipped without one of `sanitizers`.

    Args:
      sanitizers: names of SANITIZERS.
    """
    compatible = {"//tools/build:" + name: [] for name in sanitizers}
    compatible["//conditions:default"] = ["//tools/build:never"]
    return select(compatible)
