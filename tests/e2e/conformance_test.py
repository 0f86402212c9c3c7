#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir plugin-test`: every plugin that ships with weir passes, and each defect of
tests/plugins is found and named."""

import os
import re
import subprocess
import unittest

import harness

# Configurations of components that have no defaults, or whose defaults would do harm here.
CONFIGURATIONS = {
    "file": 'path: "%s"' % os.path.join(os.environ.get("TEST_TMPDIR", "/tmp"), "conformance.jsonl"),
    "filter": 'expression: "bytes > 1kB"',
    "pcap": 'path: "%s"' % os.path.join(harness.EXAMPLES, "sample.pcap"),
    "record_file": 'path: "%s"' % harness.runfile("tests/vectors/raw_records.bin"),
    "sample": "interval: 4",
}

# Components of which only one instance can start with the same configuration: a part of the trial
# of two at once is skipped.
ONE_AT_A_TIME = {"file"}

# Components that need root and eBPF. They run in a namespace with no interface but lo.
DATAPATH = {"ebpf_map", "ebpf_ringbuf"}

# Components that need a peer or a port, which grpc_test gives them. Here they are loaded and
# their tables checked; the rest is skipped because they have no configuration.
WITH_PEERS = {"grpc"}

# Defect -> the step that finds it, and a part of the message.
DEFECTS = {
    "bad_metric": ("first instance: destroy", "has a counter 'weir_defects'; its name must end in _total"),
    "bad_type": ("load", "component 0: its type is not in snake_case"),
    "broken_descriptors": ("load", "they are not a google.protobuf.FileDescriptorSet"),
    "counts_twice": ("first instance: stop", "records received, it accounts for "),
    "crashes": ("first instance: process 65536 records", "crashed: SIGABRT (Aborted)"),
    "create_throws": ("first instance: create", "create has thrown"),
    "empty_summary": ("tables", "sink 'defect' has an empty summary"),
    "exits": ("first instance: flush", "the process ended, with exit code 7"),
    "fails_silently": ("first instance: flush", "returned error 14 without a message (host->error_set)"),
    "forgets_to_count": ("first instance: stop", "the balance does not hold: of "),
    "hangs_in_stop": ("first instance: stop", "did not return within 5s"),
    "ignores_stride": ("first instance: process 100 records with unknown fields", "read no record"),
    "keeps_batch": ("first instance: destroy", "still retains an input batch after destroy"),
    "leaks_file": ("second instance: file descriptors", "leaves a file descriptor open: /dev/zero"),
    "leaves_thread": ("first instance: stop", "returned while 1 of its threads still run"),
    "main_throws": ("load", "weir_plugin_main: the plugin threw an exception"),
    "newer_record": ("load", "was built for version 3 of the flow record; this weir has 2"),
    "no_process": ("load", "component 'defect' is a transform or sink without process"),
    "no_symbol": ("load", "it does not export weir_plugin_main"),
    "null_plugin": ("load", "weir_plugin_main returned NULL"),
    "process_fails": ("first instance: process no record", "process has failed"),
    "raw_destroy": ("on its own: destroy", "destroy: the plugin threw an exception: past the SDK"),
    "raw_diagnose": ("on its own: diagnose", "the plugin threw an exception: past the SDK"),
    "raw_tick_interval": ("first instance: tick", "the plugin threw an exception: past the SDK"),
    "raw_throw": ("on its own: create", "the plugin threw an exception: past the SDK"),
    "releases_batch": ("first instance: process no record", "released a batch that it had not retained"),
    "reopen_fails": ("first instance: reopen", "reopen does not find what it had"),
    "shares_state": ("two at once, one: stop", "the balance does not hold: of 3 records received, 3 are"),
    "short_component": ("load", "component 'defect' has a table of 8 bytes; it needs at least "),
    "still_holds": ("first instance: flush", "records after flush"),
    "wrong_count": ("first instance: process 1 record", "used a counter that its kind of stage lacks"),
    "wrong_major": ("load", "of the plugin interface; this weir has "),
    "writes_batch": ("first instance: process 1 record", "wrote to an input batch"),
}


def defect(name):
    return harness.runfile(f"tests/plugins/{name}.so")


class ConformanceTest(harness.WeirTest):

    def plugin_test(self, *arguments, before=()):
        """Runs `weir plugin-test`. Returns exit code, report and log."""
        done = subprocess.run([*before, harness.WEIR, "plugin-test", *arguments], text=True,
                              capture_output=True, timeout=2 * harness.DEADLINE_SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr

    def components(self):
        """Returns (type, file) of every component that ships. Checks that weir lists every
        file of the folder."""
        lines = harness.run(harness.WEIR, "plugins").splitlines()
        found = [(name.split()[1], file.strip()) for name, file in zip(lines[::2], lines[1::2])]
        self.assertEqual({os.path.basename(file) for _, file in found},
                         {name for name in os.listdir(harness.PLUGINS) if name.endswith(".so")})
        return found

    def test_every_plugin_that_ships_passes(self):
        tried = 0
        for component, file in self.components():
            if component in DATAPATH | WITH_PEERS:
                continue
            arguments = ["--component=" + component]
            if component in CONFIGURATIONS:
                arguments.append("--config_text=" + CONFIGURATIONS[component])
            with self.subTest(component):
                code, report, log = self.plugin_test(*arguments, file)
                self.assertEqual(code, harness.EXIT_CLEAN, report + log)
                self.assertEqual("skipped: one instance at a time with this configuration: " in report,
                                 component in ONE_AT_A_TIME, report)
                self.assertNotIn("FAILED:", report)
                self.assertRegex(report, r"\n[3-9][0-9] ok, 0 FAILED, ")
                tried += 1
        self.assertGreaterEqual(tried, 8)

    def test_components_that_need_a_peer_have_sound_tables(self):
        for component, file in self.components():
            if component in WITH_PEERS:
                code, report, log = self.plugin_test(file)
                self.assertEqual(code, harness.EXIT_BAD_USAGE, report + log)
                self.assertRegex(report, "skipped: .*(target|listen) needs at least one value; give --component=grpc")
                self.assertIn("\n2 ok, 0 FAILED, 1 skipped\n", report)
                print(f"SKIPPED: {component} of {os.path.basename(file)}: needs a peer")

    def test_the_components_of_the_datapath_pass(self):
        reason = harness.why_no_namespaces()
        if reason:
            raise unittest.SkipTest("SKIPPED: " + reason)
        [file] = {file for name, file in self.components() if name in DATAPATH}
        code, report, log = self.plugin_test("--component=ebpf_map", file, before=("unshare", "-n"))
        self.assertEqual(code, harness.EXIT_CLEAN, report + log)
        # Without a table nothing can overflow; traffic_test runs both together.
        code, report, log = self.plugin_test("--component=ebpf_ringbuf", file, before=("unshare", "-n"))
        self.assertEqual(code, harness.EXIT_BAD_USAGE, report + log)
        self.assertIn("first instance: start", report)
        self.assertIn("skipped: datapath 'default' has no stage of type ebpf_map", report)
        self.assertIn(", 0 FAILED, ", report)

    def test_each_defect_is_found(self):
        for name, (step, sentence) in DEFECTS.items():
            with self.subTest(name):
                code, report, log = self.plugin_test("--step_timeout=5s", defect(name))
                self.assertEqual(code, harness.EXIT_FAILED, report + log)
                self.assertRegex(report, rf"(?m)^  {re.escape(step)} +FAILED: .*{re.escape(sentence)}")

    def test_the_sound_test_plugins_pass(self):
        for name in ("none", "old_minor"):
            code, report, _ = self.plugin_test(defect(name))
            self.assertEqual(code, harness.EXIT_CLEAN, report)

    def test_a_missing_privilege_or_configuration_is_a_skip_with_an_exit_code(self):
        for name, wanted, text in (
                ("start_fails", harness.EXIT_UNSUPPORTED, "start needs a privilege that does not exist"),
                ("prepare_fails", harness.EXIT_UNSUPPORTED, "prepare needs a kernel that does not exist"),
                ("create_fails", harness.EXIT_BAD_USAGE, "create does not like its configuration")):
            code, report, _ = self.plugin_test(defect(name))
            self.assertEqual(code, wanted, report)
            self.assertIn("skipped: " + text, report)

    def test_configurations(self):
        sample = os.path.join(harness.PLUGINS, "weir_transform_sample.so")
        code, report, _ = self.plugin_test(sample)
        self.assertEqual(code, harness.EXIT_BAD_USAGE)
        self.assertIn("interval is required; give --component=sample --config_text='FIELD: VALUE'", report)
        code, report, _ = self.plugin_test("--component=sample", "--config_text=interval: 4\n  intervall: 5", sample)
        self.assertEqual(code, harness.EXIT_BAD_USAGE)
        self.assertIn("FAILED: --config_text:2:3: ", report)
        self.assertIn("\n2 ok, 1 FAILED, 0 skipped\n", report)
        # The component of a file with one.
        code, report, _ = self.plugin_test("--config_text=interval: 4", sample)
        self.assertEqual(code, harness.EXIT_CLEAN, report)
        ebpf = os.path.join(harness.PLUGINS, "weir_source_ebpf.so")
        code, report, _ = self.plugin_test("--config_text=sampling: 4", ebpf)
        self.assertEqual(code, harness.EXIT_BAD_USAGE)
        self.assertIn("FAILED: --config_text is for one component: give --component=TYPE for one of "
                      "source 'ebpf_map', source 'ebpf_ringbuf'", report)
        path = self.write("p.textproto", """source { name: "in" type: "record_file"
  config { [weir/weir.sources.RecordFile] { path: "-" } } }
transform { name: "some" type: "sample" input: "in" config { [weir/weir.transforms.Sample] { interval: 3 } } }
sink { name: "out" type: "stdout" input: "some" }
""")
        self.assertEqual(self.plugin_test("--config=" + path, sample)[0], harness.EXIT_CLEAN)

    def test_usage(self):
        for arguments, sentence in (
                ((), "'plugin-test' takes one FILE; 0 are given"),
                (("--config=a", "--config_text=b", "c.so"), "takes --config or --config_text, not both"),
                (("--step_timeout=soon", "c.so"), "--step_timeout: 'soon' is not a duration, such as 10s")):
            code, _, log = self.plugin_test(*arguments)
            self.assertEqual(code, harness.EXIT_BAD_USAGE)
            self.assertIn(sentence, log)
        code, report, _ = self.plugin_test("--component=nothing", defect("none"))
        self.assertEqual(code, harness.EXIT_BAD_USAGE)
        self.assertIn("FAILED: the plugin has no 'nothing'; it has sink 'defect'", report)
        # A step that fails for another reason counts more.
        code, report, _ = self.plugin_test("--component=nothing", defect("empty_summary"))
        self.assertEqual(code, harness.EXIT_FAILED, report)
        path = self.write("p.textproto", "source { name: 'in' }\n")
        code, report, _ = self.plugin_test("--config=" + path, defect("none"))
        self.assertEqual(code, harness.EXIT_BAD_USAGE, report)
        self.assertIn("FAILED: " + path + ":1:", report)
        self.assertEqual(self.plugin_test("/does/not/exist.so")[0], harness.EXIT_FAILED)


if __name__ == "__main__":
    harness.main(alone=True)
