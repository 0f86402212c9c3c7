#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/bench measures all that docs/benchmarks.md says. How much it is, no test says:
that is the machine's."""

import json
import os
import subprocess
import tempfile
import unittest

import harness

# Loading some dozens of programs takes its time where others want the processors too.
DEADLINE_SECONDS = 600

# In each comparison: weir's two tables with two clocks each, two peers, and a program
# that does nothing.
TABLES = 7
TRAFFICS = 6
WANTED = {"packet": TABLES * TRAFFICS, "insert": TABLES, "live": TABLES + 1, "drain": 3}


class DatapathTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            cls.text = subprocess.run(
                [harness.runfile("tools/benchmarks/datapath"), "--quick", "--json=" + path],
                stdout=subprocess.PIPE, text=True, check=True, timeout=DEADLINE_SECONDS).stdout
            if cls.text.startswith("SKIPPED: "):
                raise unittest.SkipTest(cls.text.strip())
            with open(path, encoding="utf-8") as file:
                cls.result = json.load(file)

    def of_section(self, section):
        return [m for m in self.result["measurements"] if m["section"] == section]

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

    def test_figures_are_possible(self):
        for measurement in self.result["measurements"]:
            with self.subTest(measurement):
                ns = measurement["ns"]
                self.assertLessEqual(ns["min"], ns["low"])
                self.assertLessEqual(ns["low"], ns["median"])
                self.assertLessEqual(ns["median"], ns["high"])
                self.assertLess(ns["high"], 1e9)
                # At an interface the difference of two runs may be lost in what else is done.
                if measurement["section"] != "live" or "baseline" not in measurement:
                    self.assertGreater(ns["median"], 0)

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


if __name__ == "__main__":
    harness.main()
