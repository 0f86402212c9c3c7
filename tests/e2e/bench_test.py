#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/bench measures everything that docs/explanation/benchmarks.md names. No test checks how
fast it is: that depends on the machine."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness

# Loading dozens of eBPF programs takes long on a busy machine.
DEADLINE_SECONDS = 600

# Each comparison has weir's two tables with two clocks each, two peers, and an empty program.
TABLES = 7
TRAFFICS = 6
WANTED = {"packet": TABLES * TRAFFICS, "insert": TABLES, "live": TABLES + 1, "drain": 3}


def measure(benchmark):
    """Runs a benchmark. Returns its text and its JSON result."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "result.json")
        text = subprocess.run(
            [harness.runfile("tools/benchmarks/" + benchmark), "--quick", "--json=" + path],
            stdout=subprocess.PIPE, text=True, check=True, timeout=DEADLINE_SECONDS).stdout
        if text.startswith("SKIPPED: "):
            raise unittest.SkipTest(text.strip())
        with open(path, encoding="utf-8") as file:
            return text, json.load(file)


class Measurements:
    """Checks that hold for every benchmark."""

    def of_section(self, section):
        return [m for m in self.result["measurements"] if m["section"] == section]

    def test_figures_are_possible(self):
        for measurement in self.result["measurements"]:
            with self.subTest(measurement):
                ns = measurement["ns"]
                self.assertLessEqual(ns["min"], ns["low"])
                self.assertLessEqual(ns["low"], ns["median"])
                self.assertLessEqual(ns["median"], ns["high"])
                self.assertLess(ns["high"], 1e9)
                # Noise may hide the difference of two runs, but not the sum.
                self.assertGreater(ns["median"] + self.floor_of(measurement), 0)

    def floor_of(self, measurement):
        """Returns the most that was subtracted; 0 for a value given as measured."""
        if "floor" not in measurement:
            return 0
        floor, = [m for m in self.of_section(measurement["section"])
                  if m["subject"] == measurement["floor"]
                  and m["traffic"] == measurement["traffic"]]
        self.assertNotIn("floor", floor)
        return floor["ns"]["high"]

    def test_the_machine_is_named(self):
        first, _, _ = self.text.partition("\n")
        self.assertEqual(first, f"Linux {os.uname().release}, {len(os.sched_getaffinity(0))} "
                         f"processors ({self.result['processor']}),")
        self.assertEqual(self.result["kernel"], os.uname().release)
        self.assertEqual(self.result["processors"], len(os.sched_getaffinity(0)))
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                self.assertIn(" ".join(line.partition(":")[2].split()), self.result["processor"])

    def test_ratios_are_of_something_measured(self):
        for measurement in self.result["measurements"]:
            if "baseline" not in measurement:
                continue
            with self.subTest(measurement):
                self.assertEqual(len([m for m in self.of_section(measurement["section"])
                                      if m["subject"] == measurement["baseline"]
                                      and m["traffic"] == measurement["traffic"]]), 1)
                if measurement["subject"] == measurement["baseline"]:
                    self.assertEqual(measurement["ratio"], 1)


class DatapathTest(Measurements, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text, cls.result = measure("datapath")

    def test_measures_everything(self):
        for section, count in WANTED.items():
            self.assertEqual(len(self.of_section(section)), count, section)
        features = {m["subject"] for m in self.of_section("feature")}
        for table in ("MAPPED", "HASH"):
            self.assertIn(table, features)
            self.assertIn(table + ", sampling 1:2", features)
        self.assertEqual(len({(m["section"], m["subject"], m["traffic"])
                              for m in self.result["measurements"]}),
                         len(self.result["measurements"]))

    def test_programs_have_sizes(self):
        self.assertGreater(len(self.result["programs"]), 4)
        for program in self.result["programs"]:
            with self.subTest(program):
                self.assertGreater(program["translated"], 100)
                self.assertGreater(program["verified"], program["translated"])
                self.assertGreater(program["machine_code_bytes"], 0)

    def test_people_read_the_same(self):
        for thing in self.result["measurements"]:
            self.assertIn(thing["subject"], self.text)
        for thing in self.result["programs"]:
            self.assertIn(thing["name"], self.text)


class UserspaceTest(Measurements, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text, cls.result = measure("userspace")

    def test_measures_every_stage_with_all_numbers_of_flows(self):
        stages = self.of_section("stage")
        subjects = {m["subject"] for m in stages}
        self.assertEqual({m["traffic"] for m in stages}, {"100 flows", "1000 flows"})
        self.assertEqual(len(stages), 2 * len(subjects))
        for part in ("memory: ", "pcap: ", "pcap, ", "queue", "accounter, ", "stdout, JSON", "stdout, CSV",
                     "stdout, TABLE", "protobuf", "filter", "sample"):
            self.assertTrue([s for s in subjects if s.startswith(part)], part)

    @unittest.skipIf(os.environ.get("WEIR_SANITIZER"),
                     "SKIPPED: a sanitizer's malloc does not say what is allocated")
    def test_says_what_a_flow_takes(self):
        for footprint in self.result["footprints"]:
            with self.subTest(footprint):
                # A record has 168 bytes, but a table need not keep all of them.
                self.assertGreater(footprint["bytes_per_flow"], 64)
                self.assertLess(footprint["bytes_per_flow"], 4096)

    def test_measures_the_programs_that_are_here(self):
        programs = {m["subject"] for m in self.of_section("process")}
        self.assertIn("weir run", programs)
        for program, command in (("softflowd -r", "softflowd"), ("nfpcapd -r", "nfpcapd")):
            self.assertEqual(program in programs, shutil.which(command) is not None, program)
            self.assertEqual("SKIPPED: " + program in self.text, program not in programs)
        for facts in self.result["programs"]:
            with self.subTest(facts):
                self.assertGreater(facts["flows"], 0)
                self.assertGreater(facts["peak_bytes"], 1 << 20)

    def test_people_read_the_same(self):
        for thing in self.result["measurements"] + self.result["footprints"]:
            self.assertIn(thing["subject"], self.text)
            self.assertIn(thing["traffic"], self.text)



class SinksTest(Measurements, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text, cls.result = measure("sinks")

    def test_measures_every_sink_of_the_tree(self):
        subjects = {m["subject"].partition(",")[0] for m in self.of_section("sink")}
        sinks = {line.split()[1] for line in harness.run(harness.WEIR, "plugins").splitlines()
                 if line.startswith("sink ")}
        if not harness.GRPC:
            sinks.remove("grpc")
        self.assertEqual("SKIPPED: grpc" in self.text, not harness.GRPC)
        self.assertEqual(subjects, sinks | {"null"})

    def test_says_how_many_records_went_through(self):
        self.assertIn("null", {rate["subject"] for rate in self.result["rates"]})
        for rate in self.result["rates"]:
            self.assertGreater(rate["records_per_second"], 1_000, rate)


if __name__ == "__main__":
    harness.main()
