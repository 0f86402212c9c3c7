#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""weir with the plugin of this workspace: it is listed, described, its configuration is
checked, and a pipeline runs with it."""

import json
import os
import struct
import subprocess
import tempfile
import unittest

RUNFILES = os.environ["TEST_SRCDIR"]
TREE = os.path.join(RUNFILES, "weir/tools/tree")
HERE = os.path.join(RUNFILES, os.environ["TEST_WORKSPACE"])
PIPELINE = os.path.join(HERE, "pipeline.textproto")
# What comes with weir, and ours.
PLUGIN_PATH = f"{TREE}/lib/weir/plugins:{HERE}/port_filter"


def weir(*arguments, **options):
    return subprocess.run([f"{TREE}/bin/weir", *arguments, f"--plugin_path={PLUGIN_PATH}"],
                          text=True, capture_output=True, timeout=60, check=False, **options)


def record(src_port, dst_port):
    """84 bytes: flow_record_t of weir's bpf/flow.h."""
    address = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1])
    return struct.pack("<HB6s6s16s16sHHBIIQQQ", 0x0800, 0, bytes(6), bytes(6), address, address,
                       src_port, dst_port, 6, 1, 1, 60, 1, 2)


class LoadTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def test_is_listed(self):
        done = weir("plugins")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^transform  port_filter +Lets through ")
        self.assertRegex(done.stdout, r"(?m)^sink +stdout ")

    def test_is_described_with_its_rules(self):
        done = weir("describe", "port_filter")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("example.PortFilter", done.stdout)
        self.assertRegex(done.stdout, r"ports: .*1.*65535")

    def test_the_example_is_valid(self):
        done = weir("validate", f"--config={PIPELINE}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_port_out_of_range_is_refused_where_it_stands(self):
        with open(PIPELINE, "rb") as file:
            wrong = self.write("wrong.textproto", file.read().replace(b"443", b"70000"))
        done = weir("validate", f"--config={wrong}")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f"{wrong}:7:", done.stderr)
        self.assertIn("65535", done.stderr)

    def test_keeps_the_plugin_interface(self):
        done = weir("plugin-test", "--component=port_filter", "--config_text=ports: 443",
                    f"{HERE}/port_filter/port_filter_plugin.so")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(" ok, 0 FAILED, ", done.stdout)

    def test_runs(self):
        recording = self.write("flows.bin", record(40000, 443) + record(40000, 80) +
                               record(53, 40000) + record(0, 0))
        done = weir("run", f"--config={PIPELINE}", env={"RECORDING": recording})
        self.assertEqual(done.returncode, 0, done.stderr)
        ports = [(flow["SrcPort"], flow["DstPort"])
                 for flow in map(json.loads, done.stdout.splitlines())]
        self.assertEqual(ports, [(40000, 443), (53, 40000)])
        self.assertNotIn("the balance does not hold", done.stderr)


if __name__ == "__main__":
    unittest.main()
