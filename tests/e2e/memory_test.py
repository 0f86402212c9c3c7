#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The resident memory of an idle weir with the built-in pipeline stays below a limit."""

import os
import re
import unittest

import harness

# The limit for the built-in pipeline, without the eBPF maps that are mapped into the process.
IDLE_KIB = 16 * 1024


def resident_kib(pid):
    """Returns (all resident memory, the part of it that is eBPF maps), in KiB."""
    total = maps = 0
    with open(f"/proc/{pid}/smaps", encoding="ascii") as smaps:
        of_map = False
        for line in smaps:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                of_map = line.rstrip().endswith("anon_inode:bpf-map")
            elif line.startswith("Rss:"):
                kib = int(line.split()[1])
                total += kib
                maps += kib if of_map else 0
    return total, maps


@unittest.skipIf(os.environ.get("WEIR_SANITIZER"), "SKIPPED: a sanitizer has memory of its own")
class MemoryTest(harness.NamespaceTest):

    def test_the_built_in_pipeline_is_small_when_idle(self):
        self.enable_ip()
        weir = self.weir("run", netns=self.b)
        weir.wait_for_log("measuring 1 interface")
        # By the first record, everything has run that an idle pipeline runs.
        self.inside(self.a, "ping", "-q", "-c", "1", "10.78.0.2")
        harness.wait_until(weir.wrote_records, "a record")
        total, maps = resident_kib(weir.process.pid)
        print(f"resident: {total} KiB, of which {maps} are tables of the kernel's programs")
        self.assertGreater(maps, 0)
        self.assertLess(total - maps, IDLE_KIB)
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())


if __name__ == "__main__":
    harness.main()
