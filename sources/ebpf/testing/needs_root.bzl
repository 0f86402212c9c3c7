# SPDX-License-Identifier: Apache-2.0
"""The tags of tests that count packets on real interfaces and processors.

They run as root only: outside of the sandbox, which takes the privilege away, and alone.
They run each time (external), because the result depends on the machine too.
tools/kernel-test runs them on older kernels as well.
"""

NEEDS_ROOT = [
    "exclusive",
    "external",
    "kernel",
    "local",
    "no-sandbox",
]
