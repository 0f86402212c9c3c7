#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""weir with the plugin of this module: it is listed, its configuration is checked, and a
pipeline runs with it."""

import os
import re
import struct
import subprocess
import tempfile
import unittest

RUNFILES = os.environ["TEST_SRCDIR"]
HERE = os.path.join(RUNFILES, os.environ["TEST_WORKSPACE"])
PIPELINE = os.path.join(HERE, "pipeline.textproto")


def weir_tree():
    """The installed tree. Bazel gives a module's folder a name of its own ("weir~", "weir+")."""
    for name in sorted(os.listdir(RUNFILES)):
        if name.rstrip("~+") == "weir" and os.path.isdir(f"{RUNFILES}/{name}/tools/tree"):
            return f"{RUNFILES}/{name}/tools/tree"
    raise FileNotFoundError(f"{RUNFILES}: weir's tools/tree is not there")


TREE = weir_tree()
# The plugins of weir, and the one of this module.
PLUGIN_PATH = f"{TREE}/lib/weir/plugins:{HERE}/batch_totals"


def weir(*arguments, **options):
    return subprocess.run([f"{TREE}/bin/weir", *arguments, f"--plugin_path={PLUGIN_PATH}"],
                          text=True, capture_output=True, timeout=60, check=False, **options)


def record(packets, octets):
    """84 bytes: flow_record_t of weir's bpf/flow.h."""
    address = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1])
    return struct.pack("<HB6s6s16s16sHHBIIQQQ", 0x0800, 0, bytes(6), bytes(6), address, address,
                       40000, 443, 6, 1, packets, octets, 1, 2)


class LoadTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_is_listed(self):
        done = weir("plugins")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^sink +batch_totals +Writes one line ")

    def test_a_missing_path_is_refused(self):
        with open(PIPELINE, encoding="utf-8") as file:
            text, replaced = re.subn(r' config { path: "\${TOTALS:.*?}" }', "", file.read())
        self.assertEqual(replaced, 1)
        wrong = os.path.join(self.folder, "wrong.textproto")
        with open(wrong, "w", encoding="utf-8") as file:
            file.write(text)
        done = weir("validate", f"--config={wrong}")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn(f"{wrong}:7:", done.stderr)
        self.assertIn("path", done.stderr)

    def test_keeps_the_plugin_interface(self):
        done = weir("plugin-test", "--component=batch_totals",
                    f"--config_text=path: '{self.folder}/totals.txt'",
                    f"{HERE}/batch_totals/batch_totals_plugin.so")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(" ok, 0 FAILED, ", done.stdout)

    def test_runs(self):
        recording = os.path.join(self.folder, "flows.bin")
        totals = os.path.join(self.folder, "totals.txt")
        with open(recording, "wb") as file:
            file.write(record(1, 60) + record(3, 180))
        done = weir("run", f"--config={PIPELINE}", env={"RECORDING": recording, "TOTALS": totals})
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(totals, encoding="utf-8") as file:
            self.assertEqual(file.read(), "2 records 4 packets 240 bytes\n")


if __name__ == "__main__":
    unittest.main()
