#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One suite that every sink has to pass: all fields of every record, in order; what was
taken before weir is stopped is delivered; a place that is away and comes back costs
nothing; a place that never works ends weir with a sentence, and every record is counted.
And the same pipeline with another sink in it gives the same records."""

import fcntl
import gzip
import json
import os
import pathlib
import struct
import subprocess
import termios
import unittest

import capture
import harness

SOURCE = """
source {{ name: "records" type: "random_records" config {{ [weir/weir.tests.RandomSource] {{
  records: {records} seed: 7 stay: {stay} }} }} }}
"""
SOME, MANY = 3_000, 60_000

# What is the same on any machine: flows by the clock of the capture.
FLOWS = """
source    {{ name: "capture" type: "pcap"
            config {{ [weir/weir.sources.Pcap] {{ path: "{path}" }} }} }}
transform {{ name: "records" type: "accounter" input: "capture"
            config {{ [weir/weir.transforms.Accounter] {{
              clock: RECORDS max_entries: 100000 evict_timeout: "24h" }} }} }}
"""


def as_set(records):
    return {tuple(sorted(record.items())) for record in records}


class Place:
    """Where a sink delivers to, made for one test."""

    # The sink's `type` and `config`, as they stand in a pipeline file.
    stage = ""

    def __init__(self, test):
        self.test = test

    def options(self):
        """What weir is started with beside the configuration."""
        return {}

    def received(self, weir):
        """All that came, as objects of the sink `stdout`, once weir has ended."""
        raise NotImplementedError

    def carried(self, record):
        """What of a record, an object of `stdout`, comes through this place."""
        return record

    def restore(self):
        """Ends the outage that options() or the start has begun."""


class SinkSuite:
    """The tests, for one kind of place."""

    # A Place; Away: it is not there at first; Broken: nothing can ever be delivered.
    Place = Away = Broken = None
    # What the log says of Broken.
    complaint = None

    def start(self, place, source):
        config = self.write("pipeline.textproto",
                            f'{source}\nsink {{ name: "out" input: "records" {place.stage} }}\n')
        plugins = os.path.dirname(harness.runfile("tests/plugins/random_source.so"))
        plugins = f"{harness.PLUGINS}:{plugins}"
        return self.weir("run", "--config=" + config, "--plugin_path=" + plugins,
                         f"--drain_timeout={harness.DEADLINE_SECONDS}s", **place.options())

    def expected(self, place, source):
        """The objects that should come, by the sink `stdout`."""
        weir = self.start(Stdout(self), source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        return [place.carried(record) for record in weir.records()]

    def test_every_field_of_every_record_in_order(self):
        source = SOURCE.format(records=SOME, stay="false")
        place = self.Place(self)
        weir = self.start(place, source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        expected = self.expected(place, source)
        self.assertEqual(len(expected), SOME)
        for number, (got, wanted) in enumerate(zip(place.received(weir), expected)):
            self.assertEqual(got, wanted, f"record {number}")
        self.assertEqual(len(place.received(weir)), SOME)

    def test_delivers_what_it_has_taken_when_weir_is_stopped(self):
        place = self.Place(self)
        weir = self.start(place, SOURCE.format(records=MANY, stay="true"))
        weir.wait_for_log("all records are emitted")
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(len(place.received(weir)), weir.balance()["out"]["received"])
        self.assertEqual(weir.balance()["out"]["dropped"], 0)

    def test_an_outage_costs_nothing(self):
        if self.Away is None:
            self.skipTest("SKIPPED: this place is there, or it is an error")
        place = self.Away(self)
        weir = self.start(place, SOURCE.format(records=MANY, stay="false"))
        place.restore(weir)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(len(place.received(weir)), MANY)

    def test_a_place_that_never_works_is_an_error(self):
        weir = self.start(self.Broken(self), SOURCE.format(records=MANY, stay="true"))
        self.assertEqual(weir.wait(), harness.EXIT_FAILED, weir.stderr())
        self.assertIn("sink 'out': ", weir.stderr())
        self.assertIn(self.complaint, weir.stderr())
        self.assert_balanced(weir)
        row = weir.balance()["out"]
        self.assertEqual((row["received"], row["emitted"]), (row["dropped"], 0))

    def test_the_same_flows_as_any_other_sink(self):
        path = os.path.join(self.folder, "flows.pcap")
        truth = capture.write_flows(path, 20_000, 500)
        source = FLOWS.format(path=path)
        place = self.Place(self)
        weir = self.start(place, source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        received = place.received(weir)
        self.assertEqual(len(received), len(truth))
        self.assertEqual(harness.totals(received),
                         tuple(map(sum, zip(*truth.values()))))
        self.assertEqual(as_set(received), as_set(self.expected(place, source)))


class Stdout(Place):
    stage = 'type: "stdout" config { [weir/weir.sinks.Stdout] { format: JSON } }'

    def received(self, weir):
        return weir.records()


class StuckPipe(Stdout):
    """Its reader reads nothing at first."""

    def __init__(self, test):
        super().__init__(test)
        self.reader, self.writer = os.pipe()
        self.text = b""

    def options(self):
        return {"stdout": self.writer}

    def restore(self, weir):
        os.close(self.writer)

        def full():
            waiting = fcntl.ioctl(self.reader, termios.FIONREAD, b"\0\0\0\0")
            return struct.unpack("i", waiting)[0] >= 32_768
        harness.wait_until(full, "a full pipe")
        with os.fdopen(self.reader, "rb") as file:
            self.text = file.read()

    def received(self, weir):
        return self.text.splitlines()


class FullDevice(Stdout):
    def options(self):
        full = open("/dev/full", "wb")  # pylint: disable=consider-using-with
        self.test.addCleanup(full.close)
        return {"stdout": full}


class StdoutTest(SinkSuite, harness.WeirTest):
    Place, Away, Broken = Stdout, StuckPipe, FullDevice
    complaint = "No space left on device"


class Files(Place):
    """Compressed files, one after another."""

    def __init__(self, test):
        super().__init__(test)
        self.files = pathlib.Path(test.folder, "files")
        self.files.mkdir(exist_ok=True)
        self.stage = f"""type: "file" config {{ [weir/weir.sinks.File] {{
            path: "{self.files}/%Y.gz" rotate_bytes: 50000 compression: GZIP }} }}"""

    def received(self, weir):
        # 2026.gz, 2026.1.gz, 2026.2.gz
        paths = sorted(self.files.iterdir(), key=lambda path: (len(path.name), path.name))
        return [json.loads(line) for path in paths for line in gzip.open(path, "rt")]


class FullFileSystem(Place):
    def __init__(self, test):
        super().__init__(test)
        if os.geteuid() != 0:
            raise unittest.SkipTest("SKIPPED: needs root to mount a small file system")
        full = pathlib.Path(test.folder, "full")
        full.mkdir()
        harness.run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(full))
        test.addCleanup(subprocess.run, ["umount", str(full)], check=False)
        (full / "filler").write_bytes(bytes(4096))
        self.stage = f"""type: "file" config {{ [weir/weir.sinks.File] {{
            path: "{full}/flows.jsonl" }} }}"""


class FileTest(SinkSuite, harness.WeirTest):
    Place, Broken = Files, FullFileSystem
    complaint = "flows.jsonl: No space left on device"


if __name__ == "__main__":
    harness.main()
