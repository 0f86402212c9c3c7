#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sinks `stdout` and `file` pass the suite of all sinks."""

import csv
import fcntl
import gzip
import io
import json
import os
import pathlib
import re
import struct
import subprocess
import termios

import harness
import pbflow
import sink_suite


class StuckPipe(sink_suite.Stdout):
    """A pipe whose reader reads nothing at first."""

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


class FullDevice(sink_suite.Stdout):
    def options(self):
        full = open("/dev/full", "wb")  # pylint: disable=consider-using-with
        self.test.addCleanup(full.close)
        return {"stdout": full}


class StdoutTest(sink_suite.OutageSuite, harness.WeirTest):
    Destination, Away, Broken = sink_suite.Stdout, StuckPipe, FullDevice
    complaint = "No space left on device"


class File(sink_suite.Destination):
    """A file that grows under its own name."""

    settings = "format: JSON"

    def __init__(self, test):
        super().__init__(test)
        self.path = os.path.join(test.folder, "records")
        self.stage = (f'type: "file" config {{ [weir/weir.sinks.File] {{ '
                      f'path: "{self.path}" {self.settings} }} }}')

    def data(self):
        with open(self.path, "rb") as file:
            return file.read()

    def received(self, weir):
        return [json.loads(line) for line in self.data().decode().split("\n")[:-1]]


class GzipFiles(sink_suite.Destination):
    """One file after another, each with its own name when it is complete."""

    def __init__(self, test):
        super().__init__(test)
        self.files = pathlib.Path(test.folder, "files")
        self.files.mkdir()
        self.stage = (f'type: "file" config {{ [weir/weir.sinks.File] {{ path: "{self.files}/%Y.gz" '
                      'rotate_bytes: 50000 compression: GZIP } }')

    def received(self, weir):
        # 2026.gz, 2026.1.gz, 2026.2.gz
        paths = sorted(self.files.iterdir(), key=lambda path: (len(path.name), path.name))
        return [json.loads(line) for path in paths
                for line in gzip.decompress(path.read_bytes()).decode().split("\n")[:-1]]


class ZstdFile(File):
    settings = "format: JSON compression: ZSTD"

    def data(self):
        return subprocess.run(["zstd", "-dc", self.path], stdout=subprocess.PIPE, check=True,
                              timeout=harness.DEADLINE_SECONDS).stdout


class CsvFile(File):
    """Numbers are texts, and fields that were not measured are empty. Names are made harmless
    for terminals and spreadsheets."""

    settings = "format: CSV"

    def received(self, weir):
        text = self.data().decode()
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        return [{key: value for key, value in row.items() if value} for row in rows]

    def carried(self, record):
        texts = {key: str(value).lower() if value is True else str(value)
                 for key, value in record.items()}
        controls = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
        name = re.sub(controls, "\ufffd", texts["Interface"])
        texts["Interface"] = "'" + name if name.startswith(("=", "+", "-", "@")) else name
        return {key: text for key, text in texts.items() if text}


class ProtobufFile(File):
    """Contains the fields of the reference's records. Times are numbers."""

    settings = "format: PROTOBUF"

    def received(self, weir):
        return [pbflow.record(message) for message in pbflow.delimited(self.data())]

    def carried(self, record):
        return sink_suite.of_pbflow(record)


class RawFile(File):
    """Contains the key, counters and monotonic times. The source record_file reads it."""

    settings = "format: RAW"
    KEYS = ("Etype", "FlowDirection", "SrcMac", "DstMac", "SrcAddr", "DstAddr", "SrcPort",
            "DstPort", "Proto", "IFIndex", "Packets", "Bytes", "StartMonoTimeNs",
            "EndMonoTimeNs")

    def received(self, weir):
        config = self.test.write("read.textproto", f"""
source {{ name: "file" type: "record_file" config {{ [weir/weir.sources.RecordFile] {{
  path: "{self.path}" wall_clock: "2022-08-23T16:33:22Z" mono_clock_ns: 1 }} }} }}
sink {{ name: "out" type: "stdout" input: "file" config {{ [weir/weir.sinks.Stdout] {{
  format: JSON }} }} }}
""")
        reader = self.test.weir("run", "--config=" + config)
        self.test.assertEqual(reader.wait(), harness.EXIT_CLEAN, reader.stderr())
        return [{key: record[key] for key in self.KEYS} for record in reader.records()]

    def carried(self, record):
        kept = {key: record[key] for key in self.KEYS}
        kept["Packets"] = min(kept["Packets"], 0xFFFFFFFF)
        return kept


class FileOnFullDisk(File):
    """A file system with a few pages."""

    def __init__(self, test):
        super().__init__(test)
        if os.geteuid() != 0:
            test.skipTest("SKIPPED: needs root for a small file system")
        folder = os.path.join(test.folder, "small")
        os.mkdir(folder)
        harness.run("mount", "-t", "tmpfs", "-o", "size=256k", "none", folder)
        test.addCleanup(harness.run, "umount", folder)
        self.path = os.path.join(folder, "records")
        self.stage = (f'type: "file" config {{ [weir/weir.sinks.File] {{ '
                      f'path: "{self.path}" {self.settings} }} }}')


class FileSuite(sink_suite.SinkSuite):
    Broken = FileOnFullDisk
    complaint = "small/records: No space left on device"


class JsonFileTest(FileSuite, harness.WeirTest):
    Destination = File


class GzipFilesTest(FileSuite, harness.WeirTest):
    Destination = GzipFiles


class ZstdFileTest(FileSuite, harness.WeirTest):
    Destination = ZstdFile


class CsvFileTest(FileSuite, harness.WeirTest):
    Destination = CsvFile


class ProtobufFileTest(FileSuite, harness.WeirTest):
    Destination = ProtobufFile


class RawFileTest(FileSuite, harness.WeirTest):
    Destination = RawFile


if __name__ == "__main__":
    harness.main()
