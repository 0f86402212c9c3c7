#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Losses are visible: in the balance, in the exit code with --fail_on_loss, and in the report of
--report and SIGUSR2. The law: for every stage, received = emitted + merged + filtered + dropped +
held. Needs no privilege."""

import json
import os
import pathlib
import signal

import capture
import harness
from recorded import ACCOUNTER, NAMER, RECORDING, SINK, VECTORS

RECORDS = 200  # of the recording
ETHERNET, UNKNOWN_LINK = 1, 147
PCAP = """source { name: "capture" type: "pcap" config { [weir/weir.sources.Pcap] { path: "%s" } } }
sink { name: "console" type: "stdout" input: "capture"
  config { [weir/weir.sinks.Stdout] { format: JSON } } }
"""


class LossTest(harness.WeirTest):

    def setUp(self):
        super().setUp()
        self.report = os.path.join(self.folder, "report.json")
        self.recording = RECORDING % f"{VECTORS}/raw_records.bin" + NAMER % "recording" + SINK

    def run_pipeline(self, text, *flags, code=harness.EXIT_CLEAN, **options):
        weir = self.weir("run", self.write("p.textproto", text), "--report=" + self.report, *flags,
                         **options)
        self.assertEqual(weir.wait(), code, weir.stderr())
        return weir

    def read_report(self):
        """The report, whose stages keep the law."""
        report = json.loads(pathlib.Path(self.report).read_text())
        self.assertEqual(report["version"], 1)
        for stage in report["stages"]:
            records = stage["records"]
            self.assertEqual(records["received"],
                             sum(records[column] for column in
                                 ("emitted", "merged", "filtered", "dropped", "held", "unaccounted")))
            self.assertEqual(records["dropped"], sum(stage["dropped_by_reason"].values()))
        return report

    def test_a_run_without_loss(self):
        text = (RECORDING % f"{VECTORS}/raw_records.bin" + ACCOUNTER + NAMER % "account" + SINK)
        weir = self.run_pipeline(text, "--fail_on_loss")
        self.assertIn("\nlost: nothing\n", weir.stderr())
        report = self.read_report()
        self.assertEqual(report["lost"], {"packets": 0, "records": 0})
        self.assertEqual((report["state"], report["exit_code"], report["reason"], report["error"]),
                         ("ended", 0, "all sources have finished", None))
        self.assertEqual(report["pipeline"], os.path.join(self.folder, "p.textproto"))
        self.assertEqual([(stage["kind"], stage["name"], stage["type"]) for stage in report["stages"]],
                         [("source", "recording", "record_file"), ("transform", "account", "accounter"),
                          ("transform", "name", "interface_namer"), ("sink", "console", "stdout")])
        # The text and the report agree.
        columns = ("received", "emitted", "merged", "filtered", "dropped", "held")
        self.assertEqual(weir.balance(), {stage["name"]: {name: stage["records"][name] for name in columns}
                                          for stage in report["stages"]})
        for stage in report["stages"]:
            self.assertEqual((stage["records"]["held"], stage["records"]["unaccounted"]), (0, 0))
        evicted = [metric for metric in report["metrics"]
                   if metric["name"] == "weir_accounter_evicted_flows_total" and metric["value"]]
        self.assertEqual([(metric["kind"], metric["labels"]["stage"], metric["value"])
                          for metric in evicted], [("counter", "account", 40)])
        self.assertEqual(os.listdir(os.path.dirname(self.report)).count("report.json"), 1)

    def test_a_reader_that_goes_away_is_a_loss(self):
        for flags, code in (((), harness.EXIT_CLEAN), (("--fail_on_loss",), harness.EXIT_LOSS)):
            read_end, write_end = os.pipe()
            os.close(read_end)
            with os.fdopen(write_end, "wb") as gone:
                weir = self.run_pipeline(self.recording, *flags, code=code, stdout=gone)
            report = self.read_report()
            sink = report["stages"][-1]
            self.assertEqual(sink["dropped_by_reason"], {"reader_gone": sink["records"]["received"]})
            self.assertGreater(report["lost"]["records"], 0)
            self.assertEqual(report["exit_code"], code)
            self.assertIn(f"\nlost: {report['lost']['records']} records\n", weir.stderr())
            self.assertEqual("weir: --fail_on_loss: lost " in weir.stderr(), bool(flags))

    def test_packets_that_are_in_no_record_are_a_loss(self):
        packets = [(1, capture.flow_packet(0, 20))] * 7
        for link_type, dropped in ((ETHERNET, 0), (UNKNOWN_LINK, 7)):
            folder = os.path.join(self.folder, str(link_type))
            os.mkdir(folder)
            capture.write_packets(os.path.join(folder, "a.pcap"), packets[:3])
            capture.write_packets(os.path.join(folder, "b.pcap"), packets, link_type=link_type)
            weir = self.run_pipeline(PCAP % folder, "--fail_on_loss",
                                     code=harness.EXIT_LOSS if dropped else harness.EXIT_CLEAN)
            self.assertEqual(weir.packets(), {"capture": {"measured": 10, "dropped": dropped}})
            report = self.read_report()
            self.assertEqual(report["stages"][0]["packets"], {"measured": 10, "dropped": dropped})
            self.assertNotIn("packets", report["stages"][1])
            self.assertEqual(report["lost"], {"packets": dropped, "records": dropped})

    def test_what_does_not_drain_is_a_loss_and_the_run_has_failed(self):
        with os.fdopen(self.full_pipe(), "wb") as full:
            weir = self.run_pipeline(self.recording, "--fail_on_loss", "--drain_timeout=100ms",
                                     code=harness.EXIT_FAILED, stdout=full)
        report = self.read_report()
        self.assertEqual(report["exit_code"], harness.EXIT_FAILED)
        self.assertGreater(report["lost"]["records"], 0)
        self.assertNotEqual(report["error"], None)
        self.assertNotIn("--fail_on_loss", weir.stderr())

    def test_a_failed_stage_is_named_in_the_report(self):
        cut = os.path.join(self.folder, "cut.bin")
        pathlib.Path(cut).write_bytes(pathlib.Path(VECTORS, "raw_records.bin").read_bytes()[:-50])
        self.run_pipeline(RECORDING % cut + NAMER % "recording" + SINK, code=harness.EXIT_FAILED)
        report = self.read_report()
        self.assertIn("source 'recording'", report["error"])
        self.assertEqual(report["error"], report["reason"])

    def start_on_fifo(self, *flags):
        """weir that reads a recording which does not end, after it has written records."""
        fifo = os.path.join(self.folder, "recording")
        os.mkfifo(fifo)
        weir = self.weir("run", self.write("p.textproto", RECORDING % fifo + NAMER % "recording" + SINK),
                         *flags)
        writer = open(fifo, "wb", buffering=0)
        self.addCleanup(writer.close)
        writer.write(pathlib.Path(VECTORS, "raw_records.bin").read_bytes())
        harness.wait_until(lambda: len(weir.stdout().splitlines()) == RECORDS, "records")
        return weir

    def test_sigusr2_writes_the_report_while_the_pipeline_runs(self):
        weir = self.start_on_fifo("--report=" + self.report)
        self.assertFalse(os.path.exists(self.report))
        # The last records of a batch are written before they are counted.
        def quiet_report():
            weir.process.send_signal(signal.SIGUSR2)
            harness.wait_until(lambda: os.path.exists(self.report), "the report")
            report = self.read_report()
            os.remove(self.report)
            return report if report["stages"][-1]["records"]["emitted"] == RECORDS else None
        report = harness.wait_until(quiet_report, "a report with all records")
        self.assertEqual((report["state"], report["exit_code"], report["reason"]), ("running", None, None))
        self.assertEqual([stage["records"]["received"] for stage in report["stages"]], 3 * [RECORDS])
        self.assertEqual(report["lost"], {"packets": 0, "records": 0})
        self.assertIsNone(weir.process.poll())
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(self.read_report()["reason"], "Terminated")
        self.assertNotIn("\nrecords ", weir.stderr().split("stopping: Terminated")[0])

    def test_sigusr2_without_a_file_prints_the_balance(self):
        weir = self.start_on_fifo()
        weir.process.send_signal(signal.SIGUSR2)
        weir.wait_for_log("\nlost: nothing\n")
        self.assertEqual(weir.balance()["recording"]["received"], RECORDS)
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(weir.stderr().count("\nlost: nothing\n"), 2)

    def test_sigusr2_while_a_reader_is_slow(self):
        with os.fdopen(self.full_pipe(), "wb") as full:
            weir = self.weir("run", self.write("p.textproto", self.recording), "--drain_timeout=100ms",
                             stdout=full)
        def sink_works():
            weir.process.send_signal(signal.SIGUSR2)
            return "sink 'console': " in weir.stderr()
        weir.wait_for_log("opening plugin")
        harness.wait_until(sink_works, "a report about the sink")
        self.assertRegex(weir.stderr(), r"\nsink 'console': \d+ being processed\nlost: nothing\n")
        self.assertNotIn("does not hold", weir.stderr())
        self.assertEqual(weir.stop(), harness.EXIT_FAILED, weir.stderr())
        self.assertNotIn("does not hold", weir.stderr())
        self.assertRegex(weir.stderr(), r"\nsink 'console': \d+ dropped: drain_timeout\n")

    def test_a_start_that_fails_is_reported(self):
        none = os.path.join(self.folder, "none.bin")
        for text, code, error, stages in (
                (RECORDING % none + NAMER % "recording" + SINK, harness.EXIT_FAILED,
                 f"source 'recording': open {none}: No such file or directory", 3),
                (RECORDING % none + SINK.replace("stdout", "stdoot"), harness.EXIT_BAD_USAGE,
                 "there is no sink type 'stdoot'", 0)):
            with self.subTest(error=error):
                self.write("report.json", "of an earlier run")
                weir = self.run_pipeline(text, code=code)
                self.assertIn(error, weir.stderr())
                report = self.read_report()
                self.assertEqual((report["state"], report["exit_code"], report["reason"]),
                                 ("ended", code, "the start failed"))
                self.assertIn(error, report["error"])
                self.assertEqual(report["pipeline"], os.path.join(self.folder, "p.textproto"))
                self.assertEqual(len(report["stages"]), stages)
                self.assertEqual(report["lost"], {"packets": 0, "records": 0})

    def test_a_report_that_cannot_be_written(self):
        none = os.path.join(self.folder, "none", "report.json")
        # As /dev/stdout is; a report must not replace that one, not even if this test fails.
        link = os.path.join(self.folder, "link")
        os.symlink("/proc/self/fd/1", link)
        for path, code, words in (
                (none, harness.EXIT_FAILED, f"--report: report '{none}': make a file beside it: No such"),
                (link, harness.EXIT_BAD_USAGE, f"'{link}': is not a regular file"),
                (self.folder, harness.EXIT_BAD_USAGE, "is not a regular file")):
            weir = self.weir("run", self.write("p.textproto", self.recording), "--report=" + path)
            self.assertEqual(weir.wait(), code, weir.stderr())
            self.assertIn(words, weir.stderr())
            self.assertEqual(weir.stdout(), "", "the pipeline did not start")
        # The folder goes away while the pipeline runs.
        os.mkdir(os.path.dirname(none))
        weir = self.start_on_fifo("--report=" + none)
        os.rmdir(os.path.dirname(none))
        weir.process.send_signal(signal.SIGUSR2)
        weir.wait_for_log(f"SIGUSR2: report '{none}': make a file beside it: No such")
        self.assertEqual(weir.stop(), harness.EXIT_FAILED)
        self.assertIn(f"weir: report '{none}': make a file beside it: No such", weir.stderr())
        self.assertEqual(weir.balance()["console"]["emitted"], RECORDS)


class DatapathLossTest(harness.NamespaceTest):

    def test_packets_that_find_no_room_in_the_kernel_are_a_loss(self):
        capture_file = os.path.join(self.folder, "flows.pcap")
        packets, flows = 2000, 500
        capture.write_flows(capture_file, packets, flows)
        # A table of 8 flows, no ring buffer, and no eviction during the test.
        config = self.write("p.textproto", """
source { name: "flows" type: "ebpf_map" config { [weir/weir.sources.EbpfMap] {
  interfaces: "veth-b" cache_max_flows: 8 cache_active_timeout: "1h"
  cache_early_eviction_interval: "1h" } } }
sink { name: "console" type: "stdout" input: "flows"
  config { [weir/weir.sinks.Stdout] { format: JSON } } }
""")
        report_file = os.path.join(self.folder, "report.json")
        weir = self.weir("run", config, "--fail_on_loss", "--report=" + report_file, netns=self.b)
        weir.wait_for_log("measuring 1 interface")
        self.inside(self.a, "tcpreplay", "-q", "-t", "-i", "veth-a", capture_file)
        self.assertEqual(weir.stop(), harness.EXIT_LOSS, weir.stderr())
        measured, dropped = weir.packets()["flows"].values()
        self.assertEqual(measured, packets)
        self.assertGreater(dropped, 0)
        self.assertEqual(harness.totals(weir.records())[0], measured - dropped)
        self.assertIn(f"\nlost: {dropped} packets\n", weir.stderr())
        report = json.loads(pathlib.Path(report_file).read_text())
        self.assertEqual(report["lost"], {"packets": dropped, "records": 0})
        self.assertEqual(report["stages"][0]["packets"], {"measured": measured, "dropped": dropped})


if __name__ == "__main__":
    harness.main()
