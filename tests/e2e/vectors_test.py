#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reference vectors through `weir run`: every stage gives the records of the reference. Needs no
privilege."""

import csv
import io
import json
import os
import pathlib
import subprocess

import harness
from recorded import (ACCOUNTER, DEDUP, FILTER, NAMER, RECORDING, SAMPLE, SINK, VECTORS,
                      lines_of)


def as_set(lines):
    return sorted(json.dumps(json.loads(line), sort_keys=True) for line in lines)


class VectorTest(harness.WeirTest):

    def run_pipeline(self, text, **options):
        weir = self.weir("run", "--config=" + self.write("p.textproto", text), **options)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        return weir

    def test_every_record_comes_out_as_the_reference_prints_it(self):
        weir = self.run_pipeline(RECORDING % f"{VECTORS}/raw_records.bin" + NAMER % "recording" + SINK)
        self.assertEqual(weir.stdout().splitlines(), lines_of("records.jsonl"))

    def test_csv_says_what_json_says(self):
        weir = self.run_pipeline(RECORDING % f"{VECTORS}/raw_records.bin" + NAMER % "recording" +
                                 SINK.replace("JSON", "CSV"))
        rows = list(csv.DictReader(io.StringIO(weir.stdout(), newline=""), strict=True))
        expected = [json.loads(line) for line in lines_of("records.jsonl")]
        self.assertEqual(len(rows), len(expected))
        for row, record in zip(rows, expected):
            self.assertEqual({key: value for key, value in row.items() if value},
                             {key: str(value) for key, value in record.items()})
        self.assertEqual(weir.stdout().count("Etype"), 1)

    def test_the_accounter_adds_up_as_the_reference_does(self):
        weir = self.run_pipeline(RECORDING % f"{VECTORS}/raw_records.bin" + ACCOUNTER +
                                 NAMER % "account" + SINK)
        self.assertEqual(as_set(weir.stdout().splitlines()), as_set(lines_of("accounted.jsonl")))
        self.assertEqual(weir.balance()["account"],
                         {"received": 200, "emitted": 40, "merged": 160, "filtered": 0,
                          "dropped": 0, "held": 0})

    def test_a_filter_lets_pass_what_fits(self):
        weir = self.run_pipeline(
            RECORDING % f"{VECTORS}/raw_records.bin" + NAMER % "recording" +
            FILTER % "interface in ('eth[1]', eth1, 'e*4') and SRC_PORT >= 20000 # a comment" +
            SINK.replace('"name"', '"some"'))
        wanted = [line for line in lines_of("records.jsonl")
                  if json.loads(line)["Interface"] in ("eth1", "eth4")
                  and json.loads(line)["SrcPort"] >= 20000]
        self.assertGreater(len(wanted), 10)
        self.assertEqual(weir.stdout().splitlines(), wanted)
        self.assertEqual(weir.balance()["some"],
                         {"received": 200, "emitted": len(wanted), "merged": 0,
                          "filtered": 200 - len(wanted), "dropped": 0, "held": 0})

    def test_a_sample_keeps_whole_flows_and_says_of_how_many(self):
        weir = self.run_pipeline(RECORDING % f"{VECTORS}/raw_records.bin" + NAMER % "recording" + SAMPLE +
                                 SINK.replace('"name"', '"sample"'))
        key = ("SrcAddr", "DstAddr", "SrcPort", "DstPort", "Proto")
        flow = lambda record: tuple(record[name] for name in key)
        passed = [json.loads(line) for line in weir.stdout().splitlines()]
        self.assertTrue(all(record["Sampling"] == 4 for record in passed))
        kept = {flow(record) for record in passed}
        wanted = [json.loads(line) for line in lines_of("records.jsonl")]
        self.assertTrue(0 < len(kept) < len({flow(record) for record in wanted}))
        self.assertEqual(passed, [dict(record, Sampling=4) for record in wanted if flow(record) in kept])
        balance = weir.balance()["sample"]
        self.assertEqual((balance["emitted"], balance["filtered"]), (len(passed), 200 - len(passed)))

    def write_seen_twice(self):
        """Writes the recording with each record twice, the second time as from another interface."""
        recording = pathlib.Path(VECTORS, "raw_records.bin").read_bytes()
        twice = b""
        for at in range(0, len(recording), 84):
            record = recording[at:at + 84]
            # At the other interface, behind a router: another if_index, other MACs, the other direction.
            again = record[:2] + bytes([1 - record[2]]) + bytes(12) + record[15:52] + b"\x63\0\0\0" + record[56:]
            twice += record + again
        path = os.path.join(self.folder, "twice.bin")
        pathlib.Path(path).write_bytes(twice)
        return path

    def test_a_flow_that_two_interfaces_see_is_counted_once(self):
        path = self.write_seen_twice()
        once = self.run_pipeline(RECORDING % path + NAMER % "recording" + DEDUP % "" +
                                 SINK.replace('"name"', '"once"'))
        self.assertEqual(once.stdout().splitlines(), lines_of("records.jsonl"))
        self.assertEqual(once.balance()["once"]["filtered"], 200)
        marked = self.run_pipeline(RECORDING % path + NAMER % "recording" + DEDUP % "just_mark: true" +
                                   SINK.replace('"name"', '"once"'))
        lines = [json.loads(line) for line in marked.stdout().splitlines()]
        self.assertEqual([line.get("Duplicate") for line in lines], 200 * [None, True])
        self.assertEqual(marked.balance()["once"]["emitted"], 400)

    def test_a_flow_that_two_interfaces_see_is_one_record_with_both(self):
        merge = 'mode: MERGE merge_window: "1h" expiry: "24h"'
        pipeline = (RECORDING % self.write_seen_twice() + NAMER % "recording" + DEDUP % merge +
                    SINK.replace('"name"', '"once"'))
        merged = self.run_pipeline(pipeline)
        lines = [json.loads(line) for line in merged.stdout().splitlines()]
        lists = [(line.pop("Interfaces"), line.pop("IfDirections")) for line in lines]
        # Records of a flow add up as in the accounter. Records of the other interface do not.
        self.assertEqual(as_set(map(json.dumps, lines)), as_set(lines_of("accounted.jsonl")))
        self.assertEqual(lists, [([line["Interface"], "unknown"],
                                  [line["FlowDirection"], 1 - line["FlowDirection"]])
                                 for line in lines])
        balance = merged.balance()["once"]
        self.assertEqual((balance["emitted"], balance["merged"], balance["filtered"]),
                         (len(lines), 400 - len(lines), 0))
        as_csv = self.run_pipeline(pipeline.replace("JSON", "CSV"))
        rows = csv.DictReader(io.StringIO(as_csv.stdout(), newline=""), strict=True)
        self.assertEqual([(row["Interfaces"], row["IfDirections"]) for row in rows],
                         [(" ".join(names), " ".join(map(str, directions)))
                          for names, directions in lists])

    def test_a_recording_comes_through_standard_input(self):
        with open(f"{VECTORS}/raw_records.bin", "rb") as recording:
            weir = self.run_pipeline(RECORDING % "-" + NAMER % "recording" + SINK, stdin=recording)
        self.assertEqual(weir.stdout().splitlines(), lines_of("records.jsonl"))

    def test_a_terminal_gets_a_table(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        path = self.write("p.textproto", RECORDING % f"{VECTORS}/raw_records.bin" + NAMER % "recording" +
                          'sink { name: "console" type: "stdout" input: "name" }\n')
        weir = subprocess.Popen([harness.WEIR, "run", "--config=" + path], stdout=slave,
                                stderr=subprocess.DEVNULL)
        self.addCleanup(self._end, weir)
        os.close(slave)
        shown = b""
        try:
            while chunk := os.read(master, 65536):
                shown += chunk
        except OSError:
            pass  # EIO: the other end is closed
        self.assertEqual(weir.wait(timeout=harness.DEADLINE_SECONDS), harness.EXIT_CLEAN)
        lines = shown.decode().splitlines()
        self.assertRegex(lines[0], r"^START \(UTC\) +DURATION +DIR +INTERFACE ")
        self.assertRegex(lines[1], r"^2022-08-23 15:39:13\.894 .* egress +eth4 +42 .* 839 +3\.52 TiB")
        self.assertEqual(len([line for line in lines if not line.startswith("START")]), 200)

    def test_a_cut_recording_gives_its_whole_records_and_an_error(self):
        cut = os.path.join(self.folder, "cut.bin")
        pathlib.Path(cut).write_bytes(pathlib.Path(VECTORS, "raw_records.bin").read_bytes()[:-50])
        weir = self.weir("run", "--config=" + self.write(
            "p.textproto", RECORDING % cut + NAMER % "recording" + SINK))
        self.assertEqual(weir.wait(), harness.EXIT_FAILED)
        self.assertEqual(weir.stdout().splitlines(), lines_of("records.jsonl")[:-1])
        self.assertIn("34 of 84 bytes", weir.stderr())


if __name__ == "__main__":
    harness.main()
