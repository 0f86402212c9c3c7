#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sink `file` as users run it: the records of all files are those that were sent, each
once, through rotation, logrotate, kill -9 and a full disk."""

import collections
import csv
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import harness

CLOCKS = 'wall_clock: "2022-08-23T16:33:22.123456789Z" mono_clock_ns: 10000000000000'
RECORD_BYTES = 84

PIPELINE = """source { name: "in" type: "record_file"
  config { path: "%s" """ + CLOCKS + """ } }
sink { name: "archive" type: "file" input: "in" config { %s } }
"""


def recording(first, count):
    """Packed records. The interface index is the number of the record."""
    record = bytearray(RECORD_BYTES)
    record[0:2] = (0x0800).to_bytes(2, "little")
    whole = bytearray()
    for number in range(first, first + count):
        record[52:56] = number.to_bytes(4, "little")
        whole += record
    return bytes(whole)


class FileTest(harness.WeirTest):

    def setUp(self):
        super().setUp()
        self.flows = pathlib.Path(self.folder, "flows")
        self.flows.mkdir()

    def pipeline(self, source, settings):
        return self.write("pipeline.textproto", PIPELINE % (source, settings))

    def run_weir(self, source, settings, code=harness.EXIT_CLEAN):
        weir = self.weir("run", "--config=" + self.pipeline(source, settings))
        self.assertEqual(weir.wait(), code, weir.stderr())
        return weir

    def record(self, count, first=1):
        path = os.path.join(self.folder, "recording.bin")
        with open(path, "wb") as file:
            file.write(recording(first, count))
        return path

    def start_on_pipe(self, settings):
        """Starts a weir that reads a pipe; returns it and the other end of the pipe."""
        weir = self.weir("run", "--config=" + self.pipeline("-", settings), stdin=subprocess.PIPE)
        self.addCleanup(weir.process.stdin.close)
        return weir, weir.process.stdin

    def send(self, pipe, first, count):
        pipe.write(recording(first, count))
        pipe.flush()

    def names(self):
        return sorted(path.name for path in self.flows.iterdir())

    def lines(self, name):
        path = self.flows / name
        opened = gzip.open(path, "rt") if name.endswith(".gz") else open(path, encoding="utf-8")
        with opened as file:
            text = file.read()
        self.assertTrue(text.endswith("\n"), name)
        return text.splitlines()

    def numbers(self, names=None):
        """How often each record is in the files (JSON lines), by its number."""
        found = collections.Counter()
        for name in names or self.names():
            self.assertFalse(name.startswith("."), self.names())
            found.update(json.loads(line)["IFIndex"] for line in self.lines(name))
        return found


class RotationTest(FileTest):

    def test_each_record_is_in_one_file_once(self):
        count = 200_000
        for ending, settings in (("jsonl", ""), ("jsonl.gz", "compression: GZIP")):
            shutil.rmtree(self.flows)
            weir = self.run_weir(self.record(count), f"""
                path: "{self.flows}/%Y/flows-%H%M%S.{ending}" create_folders: true
                rotate_bytes: {100_000 if settings else 5_000_000} {settings}""")
            self.assert_balanced(weir)
            self.assertEqual(weir.balance()["archive"]["emitted"], count)
            [self.flows] = self.flows.iterdir()
            self.assertGreater(len(self.names()), 4)
            self.assertEqual(self.numbers(), dict.fromkeys(range(1, count + 1), 1))
            self.flows = self.flows.parent

    def test_every_file_of_csv_has_a_header(self):
        self.run_weir(self.record(10_000), f"""path: "{self.flows}/%F.csv" format: CSV
                      rotate_bytes: 300000""")
        self.assertGreater(len(self.names()), 2)
        rows = [row for name in self.names() for row in csv.DictReader(self.lines(name))]
        self.assertEqual(sorted(int(row["IFIndex"]) for row in rows), list(range(1, 10_001)))

    def test_zstd_is_what_zstd_reads(self):
        if not shutil.which("zstd"):
            raise unittest.SkipTest("SKIPPED: needs zstd (Debian's package zstd)")
        self.run_weir(self.record(10_000), f'path: "{self.flows}/f.zst" compression: ZSTD')
        text = harness.run("zstd", "-dc", str(self.flows / "f.zst"))
        self.assertEqual([json.loads(line)["IFIndex"] for line in text.splitlines()],
                         list(range(1, 10_001)))

    def test_a_raw_file_is_a_recording(self):
        sent = self.record(10_000)
        self.run_weir(sent, f'path: "{self.flows}/copy.bin" format: RAW')
        copy = self.flows / "copy.bin"
        self.assertEqual(copy.read_bytes(), pathlib.Path(sent).read_bytes())
        self.run_weir(copy, f'path: "{self.flows}/again.bin" format: RAW')
        self.assertEqual((self.flows / "again.bin").read_bytes(), copy.read_bytes())

    def test_time_goes_on_without_records(self):
        weir, pipe = self.start_on_pipe(f"""path: "{self.flows}/%Y%m%d%H%M%S" rotate_interval: "1s"
                                            flush_interval: "10ms" """)
        self.send(pipe, 1, 10)
        harness.wait_until(lambda: [name for name in self.names() if name[0] != "."], "a rotation")
        self.send(pipe, 11, 10)
        pipe.close()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(self.numbers(), dict.fromkeys(range(1, 21), 1))


class SignalTest(FileTest):

    def size(self, name):
        return (self.flows / name).stat().st_size if name in self.names() else 0

    def test_a_file_that_logrotate_has_moved_is_let_go(self):
        weir, pipe = self.start_on_pipe(f'path: "{self.flows}/flows.jsonl"')
        self.send(pipe, 1, 100)
        harness.wait_until(lambda: self.size("flows.jsonl"), "records")
        for number in range(1, 4):
            os.rename(self.flows / "flows.jsonl", self.flows / f"flows.jsonl.{number}")
            weir.process.send_signal(signal.SIGUSR1)  # nothing comes meanwhile
            harness.wait_until(lambda: "flows.jsonl" in self.names(), "a new file")
            self.send(pipe, 1 + 100 * number, 100)
            harness.wait_until(lambda: self.size("flows.jsonl"), "records")
        pipe.close()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(len(self.names()), 4)
        self.assertEqual(self.numbers(), dict.fromkeys(range(1, 401), 1))

    def test_a_file_that_is_deleted_or_moved_is_made_anew_without_a_signal(self):
        changes = (lambda: os.remove(self.flows / "flows"),
                   lambda: os.rename(self.flows / "flows", self.flows / "moved"),
                   lambda: (shutil.rmtree(self.flows), self.flows.mkdir()))
        for settings in ("", "compression: GZIP"):
            for change in changes:
                shutil.rmtree(self.flows)
                self.flows.mkdir()
                weir, pipe = self.start_on_pipe(f'path: "{self.flows}/flows" {settings}')
                self.send(pipe, 1, 100)
                harness.wait_until(lambda: self.size("flows"), "records")
                change()  # nothing comes meanwhile
                harness.wait_until(lambda: "flows" in self.names(), "a new file")
                for number in range(1, 20):
                    self.send(pipe, 1 + 100 * number, 100)
                pipe.close()
                self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
                self.assert_balanced(weir)
                text = (self.flows / "flows").read_bytes()
                lines = (gzip.decompress(text) if settings else text).decode().splitlines()
                self.assertEqual([json.loads(line)["IFIndex"] for line in lines],
                                 list(range(101, 2001)))

    def test_no_record_is_lost_while_a_folder_is_away(self):
        weir, pipe = self.start_on_pipe(f'path: "{self.flows}/flows.jsonl"')
        self.send(pipe, 1, 100)
        harness.wait_until(lambda: self.size("flows.jsonl"), "records")
        shutil.rmtree(self.flows)
        self.send(pipe, 101, 1000)
        harness.wait_until(lambda: "weir tries again" in weir.stderr(), "a line in the log")
        self.flows.mkdir()
        pipe.close()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(self.numbers(), dict.fromkeys(range(101, 1101), 1))

    def test_a_folder_that_stays_away_ends_the_run(self):
        weir, pipe = self.start_on_pipe(f'path: "{self.flows}/flows.jsonl"')
        self.send(pipe, 1, 100)
        harness.wait_until(lambda: self.size("flows.jsonl"), "records")
        shutil.rmtree(self.flows)
        self.send(pipe, 101, 1000)
        self.assertEqual(weir.wait(), harness.EXIT_FAILED, weir.stderr())
        self.assertIn(f"sink 'archive': open {self.flows}/flows.jsonl: No such file or directory",
                      weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(weir.balance()["archive"]["emitted"], 100)

    def test_logrotate_itself(self):
        if not shutil.which("logrotate"):
            raise unittest.SkipTest("SKIPPED: needs logrotate (Debian's package logrotate)")
        weir, pipe = self.start_on_pipe(f'path: "{self.flows}/flows.jsonl"')
        config = self.write("logrotate.conf", f"""{self.flows}/flows.jsonl {{
            su root root
            rotate 7
            missingok
            nocreate
            postrotate
              kill -USR1 {weir.process.pid}
            endscript
        }}
        """)
        os.chmod(self.folder, 0o755)
        for number in range(3):
            self.send(pipe, 1 + 100 * number, 100)
            harness.wait_until(lambda: self.size("flows.jsonl"), "records")
            harness.run("logrotate", "--force", "--state", os.path.join(self.folder, "state"), config)
            harness.wait_until(lambda: "flows.jsonl" in self.names(), "a new file")
        pipe.close()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(self.names(), ["flows.jsonl"] + [f"flows.jsonl.{i}" for i in (1, 2, 3)])
        self.assertEqual(self.numbers(["flows.jsonl.1", "flows.jsonl.2", "flows.jsonl.3"]),
                         dict.fromkeys(range(1, 301), 1))

    def test_it_completes_a_file_among_others(self):
        weir, pipe = self.start_on_pipe(f'path: "{self.flows}/%Y"')
        self.send(pipe, 1, 100)
        harness.wait_until(lambda: len(self.names()) == 1, "a file")
        weir.process.send_signal(signal.SIGUSR1)
        harness.wait_until(lambda: self.names()[0][0] != ".", "the file's name")
        self.assertEqual(self.numbers(), dict.fromkeys(range(1, 101), 1))
        pipe.close()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())

    def test_kill_9_in_the_middle_of_writing_tears_nothing(self):
        count = 300_000
        path = self.record(count)
        for settings in ("", "compression: GZIP", "compression: ZSTD"):
            shutil.rmtree(self.flows)
            self.flows.mkdir()
            settings = f'path: "{self.flows}/%F.gz" rotate_bytes: 50000 {settings}'
            for times in (1, 2, 3):
                weir = self.weir("run", "--config=" + self.pipeline(path, settings))
                files = len(self.names())
                harness.wait_until(lambda: len(self.names()) > files + 2 * times
                                   or weir.process.poll() is not None, "files")
                weir.stop(signal.SIGKILL)
            self.run_weir(os.devnull, settings)
            whole = 0
            for name in self.names():
                self.assertFalse(name.startswith("."), self.names())
                text = (self.flows / name).read_bytes()
                if "ZSTD" in settings:
                    text = subprocess.run(["zstd", "-dc"], input=text, check=True,
                                          capture_output=True).stdout
                elif "GZIP" in settings:
                    text = gzip.decompress(text)
                numbers = [json.loads(line)["IFIndex"] for line in text.decode().splitlines()]
                self.assertTrue(text.endswith(b"\n"))
                self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
                whole += len(numbers)
            self.assertGreater(whole, 1000)


class RefusedTest(FileTest):
    """A fault of a file is exit code 1: no privilege for measuring is missing."""

    def assert_fails(self, command, settings, message, source=os.devnull):
        done = subprocess.run(
            command + [harness.WEIR, "run", "--config=" + self.pipeline(source, settings)],
            text=True, capture_output=True, timeout=harness.DEADLINE_SECONDS, check=False)
        self.assertEqual(done.returncode, harness.EXIT_FAILED, done.stderr)
        self.assertIn(message, done.stderr)
        self.assertNotIn("capture", done.stderr)

    @unittest.skipIf(os.geteuid() != 0, "SKIPPED: needs root to mount a file system")
    def test_a_file_system_that_is_read_only(self):
        harness.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(self.flows))
        self.addCleanup(subprocess.run, ["umount", str(self.flows)], check=False)
        for name, what in (("flows", "open"), ("%F", "write to the folder")):
            self.assert_fails([], f'path: "{self.flows}/{name}"',
                              f"sink 'archive': {what} {self.flows}")
            self.assert_fails([], f'path: "{self.flows}/{name}"', "Read-only file system")

    def test_a_folder_of_another_user(self):
        self.flows.chmod(0o500)
        command = []
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                raise unittest.SkipTest("SKIPPED: needs setpriv to give up root")
            command = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        for name in ("flows", "%F"):
            self.assert_fails(command, f'path: "{self.flows}/{name}"', "Permission denied")
        self.assert_fails(command, f'path: "{self.flows}/sub/flows" create_folders: true',
                          f"make the folder {self.flows}/sub: Permission denied")
        secret = self.record(10)
        os.chmod(secret, 0)
        self.assert_fails(command, f'path: "{self.folder}/flows.jsonl"',
                          f"open {secret}: Permission denied", source=secret)

    @unittest.skipIf(os.environ.get("WEIR_SANITIZER") == "tsan",
                     "SKIPPED: ThreadSanitizer itself writes a file at the start of a program")
    def test_a_limit_of_the_size_of_files(self):
        limited = ["sh", "-c", 'ulimit -f 100 && exec "$@"', "sh"]
        path = self.record(20_000)
        self.assert_fails(limited, f'path: "{self.flows}/flows.jsonl"',
                          f"sink 'archive': write {self.flows}/flows.jsonl: File too large", path)
        lines = self.lines("flows.jsonl")
        self.assertEqual([json.loads(line)["IFIndex"] for line in lines],
                         list(range(1, len(lines) + 1)))
        self.assertGreater(len(lines), 50)


class FullDiskTest(FileTest):

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("SKIPPED: needs root to mount a small file system")

    def setUp(self):
        super().setUp()
        harness.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(self.flows))
        self.addCleanup(subprocess.run, ["umount", str(self.flows)], check=False)

    def test_it_is_an_error_with_the_path_and_what_is_there_stays_whole(self):
        for settings, count in ((f'path: "{self.flows}/flows.jsonl"', 50_000),
                                (f'path: "{self.flows}/%F"', 50_000),
                                (f'path: "{self.flows}/%F.gz" compression: GZIP '
                                 'rotate_bytes: 100000', 500_000)):
            weir = self.run_weir(self.record(count), settings, code=harness.EXIT_FAILED)
            self.assertRegex(weir.stderr(), r"sink 'archive': write " + str(self.flows)
                             + r"/[^:]*: No space left on device")
            self.assert_balanced(weir)
            delivered = weir.balance()["archive"]["emitted"]
            self.assertEqual(self.numbers(), dict.fromkeys(range(1, delivered + 1), 1))
            for name in self.names():
                os.remove(self.flows / name)


if __name__ == "__main__":
    harness.main()
