#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir doctor` and the stages: it finds the files that a run would not find, and every component
answers. Needs no privilege, except for the interfaces."""

import os
import socket
import subprocess
import unittest

import harness
from doctor_test import FLOWS, DoctorTest, findings_in

# The configurations of components that have no defaults, for a doctor.
CONFIGURATIONS = {
    "ebpf_map": "[weir/weir.sources.EbpfMap] { }",
    "file": 'path: "%s" format: JSON' %
            os.path.join(os.environ.get("TEST_TMPDIR", "/tmp"), "doctor.jsonl"),
    "filter": 'expression: "bytes > 1kB"',
    "pcap": 'path: "%s"' % os.path.join(harness.EXAMPLES, "sample.pcap"),
    "record_file": 'path: "%s"' %
                   harness.runfile("tests/vectors/raw_records.bin"),
    "sample": "interval: 4",
}
GRPC_CONFIGURATIONS = {"source": 'listen: "127.0.0.1:0"',
                       "sink": 'target: "127.0.0.1:9"'}


class MissingTest(DoctorTest):
    """What is missing on this machine: the doctor names it, and a run fails."""

    def assert_missing(self, text, stage, subject, *words):
        path = self.write("p.textproto", text)
        found, verdict, _ = self.doctor(path, code=harness.EXIT_UNSUPPORTED)
        missing = [finding for finding in found if finding.severity == "missing"]
        self.assertEqual([(finding.stage, finding.subject) for finding in missing], [(stage, subject)])
        self.assertEqual(verdict, f"{path}: does not run here: 1 missing, 0 degraded")
        run = self.weir("run", path)
        self.assertEqual(run.wait(), harness.EXIT_FAILED, run.stderr())
        for word in words:
            self.assertIn(word, missing[0].text)
            self.assertIn(word, run.stderr())

    def stage(self, kind, name, kind_type, config, rest=""):
        return '%s { name: "%s" type: "%s" %s config { %s } }\n' % (kind, name, kind_type, rest, config)

    def recording(self, path=None):
        path = path or harness.runfile("tests/vectors/raw_records.bin")
        return self.stage("source", "in", "record_file", 'path: "%s"' % path)

    SINK = 'sink { name: "out" type: "stdout" input: "in" }\n'

    def test_a_capture(self):
        path = os.path.join(self.folder, "none.pcap")
        self.assert_missing(self.stage("source", "in", "pcap", 'path: "%s"' % path) +
                            self.SINK, "source 'in'", "path", path, "No such file or directory")

    def test_a_recording(self):
        path = os.path.join(self.folder, "none.bin")
        self.assert_missing(self.recording(path) + self.SINK, "source 'in'", "path", path,
                            "No such file or directory")

    def test_a_file_that_is_no_recording(self):
        path = self.write("text", "root:x:0:0\n")
        self.assert_missing(self.recording(path) + self.SINK, "source 'in'", "path", path)

    def test_a_folder_without_a_capture(self):
        folder = os.path.join(self.folder, "captures")
        os.mkdir(folder)
        self.write("captures/text", "This file has never been a capture.")
        self.assert_missing(self.stage("source", "in", "pcap", 'path: "%s"' % folder) + self.SINK,
                            "source 'in'", "path", "no packet could be read: ", folder + "/text")

    def test_the_folder_of_a_file(self):
        path = os.path.join(self.folder, "none", "flows.json")
        self.assert_missing(self.recording() + self.stage(
            "sink", "out", "file", 'path: "%s" format: JSON' % path, 'input: "in"'),
                            "sink 'out'", "path", os.path.dirname(path), "No such file or directory")

    @unittest.skipUnless(harness.GRPC, "SKIPPED: this weir was built without gRPC")
    def test_a_certificate(self):
        path = os.path.join(self.folder, "none.pem")
        self.assert_missing(self.recording() + self.stage(
            "sink", "out", "grpc", 'target: "127.0.0.1:9" tls { ca_file: "%s" }' % path,
            'input: "in"'), "sink 'out'", "tls", path, "No such file or directory")

    @unittest.skipUnless(harness.GRPC, "SKIPPED: this weir was built without gRPC")
    def test_two_stages_at_one_port_are_found_by_a_run_only(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            listen = "127.0.0.1:%d" % free.getsockname()[1]
        path = self.write("p.textproto", "".join(
            self.stage("source", name, "grpc", f'listen: "{listen}"') for name in ("a", "b")) +
                          'sink { name: "out" type: "stdout" input: "a" input: "b" }\n')
        self.doctor(path)
        run = self.weir("run", path)
        self.assertEqual(run.wait(), harness.EXIT_FAILED, run.stderr())
        self.assertIn(f"\nweir: source 'a': listen at {listen}: Address already in use\n", run.stderr())
        # The library writes nothing.
        self.assertNotIn("chttp2", run.stderr())

    def test_an_interface(self):
        """A run waits for the interface, so the doctor warns."""
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: needs root, to have privileges")
        path = self.write("p.textproto", FLOWS % (1000, 'interfaces: "weir-none"', ""))
        found, *_ = findings_in(subprocess.run(
            [harness.WEIR, "doctor", path], text=True, capture_output=True, check=False,
            timeout=harness.DEADLINE_SECONDS).stdout)
        interfaces = self.subject("interfaces", found)
        self.assertEqual((interfaces.stage, interfaces.severity), ("source 'flows'", "degraded"))
        self.assertIn("weir-none", interfaces.text)


class EveryComponentTest(DoctorTest):

    def pipeline(self, kind, name):
        """A pipeline with the component, whose stage is called 'asked'."""
        config = GRPC_CONFIGURATIONS[kind] if name == "grpc" else CONFIGURATIONS.get(name, "")
        asked = f'{kind} {{ name: "asked" type: "{name}" %s {"config { %s }" % config if config else ""} }}\n'
        text = ""
        if kind != "source":
            text += ('source { name: "in" type: "record_file" config { %s } }\n' %
                     CONFIGURATIONS["record_file"])
        elif name == "ebpf_ringbuf":
            text += ('source { name: "map" type: "ebpf_map" }\n'
                     'sink { name: "flows" type: "stdout" input: "map" }\n')
        text += asked % ("" if kind == "source" else 'input: "in"')
        if kind != "sink":
            text += 'sink { name: "out" type: "stdout" input: "asked" }\n'
        return text

    def test_every_component_answers(self):
        lines = [line.split() for line in harness.run(harness.WEIR, "plugins").splitlines()
                 if not line.startswith(" ")]
        components = [(kind, name) for kind, name, *_ in lines if harness.GRPC or name != "grpc"]
        self.assertGreaterEqual(len(components), 10)
        for kind, name in components:
            # ebpf_map answers for its ring buffer too.
            if name == "ebpf_ringbuf":
                continue
            with self.subTest(kind=kind, name=name):
                path = self.write("p.textproto", self.pipeline(kind, name))
                done = subprocess.run([harness.WEIR, "doctor", path], text=True, capture_output=True,
                                      check=False, timeout=harness.DEADLINE_SECONDS)
                self.assertIn(done.returncode, (harness.EXIT_CLEAN, harness.EXIT_UNSUPPORTED), done.stderr)
                found, _ = findings_in(done.stdout)
                self.assertTrue([finding for finding in found if finding.stage == f"{kind} 'asked'"],
                                done.stdout)


if __name__ == "__main__":
    harness.main()
