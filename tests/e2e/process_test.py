#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The process that weir runs in: closed streams, limits, FIFOs, privileges of the caller, and stop
signals."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness
from recorded import NAMER, RECORDING, SINK, VECTORS, lines_of


class ProcessTest(harness.WeirTest):
    """The state of the process when weir starts."""

    def pipeline(self, sink='type: "stdout"'):
        return self.write("p.textproto", RECORDING % (VECTORS + "/raw_records.bin")
                          + 'sink { name: "out" input: "recording" %s }\n' % sink)

    def file_sink(self):
        path = os.path.join(self.folder, "records.json")
        return path, self.pipeline('type: "file" config { [weir/weir.sinks.File] '
                                   '{ path: "%s" format: JSON } }' % path)

    def shell(self, script, *arguments):
        return subprocess.run(["bash", "-c", script, "bash", *arguments], text=True, check=False,
                              capture_output=True, timeout=harness.DEADLINE_SECONDS)

    def test_closed_streams_do_not_get_the_number_of_a_file(self):
        path, config = self.file_sink()
        for closed in ("<&- >&- 2>&-", "2>&-", ">&- 2>&-"):
            done = self.shell(f'"$2" run --log_level=debug --config="$1" {closed}', config,
                              harness.WEIR)
            self.assertEqual(done.returncode, harness.EXIT_CLEAN, done.stderr)
            lines = pathlib.Path(path).read_text().splitlines()
            self.assertEqual(len(lines), len(lines_of("records.jsonl")))
            for line in lines:
                json.loads(line)
            os.remove(path)
        done = self.shell('"$2" run --config="$1" >&-', config, harness.WEIR)
        self.assertIn("standard output is closed", done.stderr)

    @unittest.skipIf(os.environ.get("WEIR_SANITIZER") == "tsan",
                     "SKIPPED: ThreadSanitizer itself writes a file at the start of a program")
    def test_a_file_that_has_its_size_limit_fails_its_stage(self):
        _, config = self.file_sink()
        done = self.shell('ulimit -f 1; exec "$2" run --config="$1"', config, harness.WEIR)
        self.assertEqual(done.returncode, harness.EXIT_FAILED, done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertIn("sink 'out'", done.stderr)

    def test_out_of_descriptors_is_named_with_the_limit(self):
        config = self.pipeline()
        done = self.shell('ulimit -n 6; exec "$2" run --config="$1"', config, harness.WEIR)
        self.assertEqual(done.returncode, harness.EXIT_FAILED, done.stderr)
        self.assertIn("out of file descriptors: the limit of this process is 6 ", done.stderr)

    def test_out_of_descriptors_is_named_wherever_they_end(self):
        if reason := harness.why_no_namespaces():
            self.skipTest("SKIPPED: " + reason)
        for flow_table in ("HASH", "MAPPED"):
            config = self.write("interfaces.textproto", f"""
                source {{ name: "flows" type: "ebpf_map"
                          config {{ [weir/weir.sources.EbpfMap] {{ interfaces: "none%"
                                    flow_table: {flow_table} }} }} }}
                sink   {{ name: "console" type: "stdout" input: "flows" }}""")
            for limit in range(8, 100, 4):
                weir = harness.Weir(self.folder, "-c", f'ulimit -n {limit}; exec "$0" run '
                                    f'--config={config}', harness.WEIR, program="sh")
                self.addCleanup(self._end, weir.process)
                harness.wait_until(lambda weir=weir: weir.process.poll() is not None or
                                   "measuring 0 interfaces" in weir.stderr(), "start or end")
                if weir.process.poll() is None:
                    self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
                    break
                self.assertEqual(weir.wait(), harness.EXIT_FAILED, f"{limit}: {weir.stderr()}")
                self.assertIn("out of file descriptors: the limit of this process is "
                              f"{limit} ", weir.stderr())
            else:
                self.fail("it never started")

    @unittest.skipIf(os.environ.get("WEIR_SANITIZER"),
                     "SKIPPED: a sanitizer takes more address space than any limit")
    def test_out_of_memory_or_threads_is_an_error_and_no_crash(self):
        config = self.pipeline()
        outcomes = set()
        # With less than its own size, the kernel ends a program by SIGSEGV before it begins.
        least = max(12_000, os.path.getsize(harness.WEIR) // 1024)
        for kib in range(least, least + 108_000, 4_000):
            done = self.shell(f'ulimit -v {kib}; exec "$2" run --config="$1"', config, harness.WEIR)
            # 127: the dynamic linker has no memory for the libraries.
            self.assertIn(done.returncode, (harness.EXIT_CLEAN, harness.EXIT_FAILED,
                                            harness.EXIT_BAD_USAGE, 127), f"{kib}: {done.stderr}")
            if done.returncode == harness.EXIT_FAILED:
                self.assertRegex(done.stderr, "out of (threads or of )?memory", f"{kib}")
            outcomes.add(done.returncode)
        self.assertLessEqual({harness.EXIT_CLEAN, harness.EXIT_FAILED}, outcomes)

    def test_a_configuration_from_a_fifo(self):
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)
        for command in ("validate", "run"):
            weir = self.weir(command, "--config=" + fifo)
            self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE)
            self.assertIn("no process writes to this FIFO", weir.stderr())
        # A writer that writes nothing.
        writer = os.open(fifo, os.O_RDWR)
        self.addCleanup(os.close, writer)
        weir = self.weir("validate", "--config=" + fifo)
        self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE)
        self.assertIn("its writer does not end within 5s", weir.stderr())
        done = self.shell('exec "$2" validate --config=<(sleep 0.2; cat "$1")', self.pipeline(),
                          harness.WEIR)
        self.assertEqual(done.returncode, harness.EXIT_CLEAN, done.stderr)

    def test_a_caller_with_less_privileges_chooses_no_plugins(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: needs root to make a set-user-ID program")
        # A folder that another user can reach.
        folder = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        if os.statvfs(folder).f_flag & os.ST_NOSUID:
            self.skipTest("SKIPPED: /tmp is mounted with nosuid")
        os.chmod(folder, 0o755)
        os.mkdir(os.path.join(folder, "bin"))
        program = os.path.join(folder, "bin", "weir")
        shutil.copy(harness.WEIR, program)
        self.check_the_folder_beside_it(folder, program)
        for mode, refused in ((0o755, False), (0o4755, True)):
            os.chmod(program, mode)
            for command in (("plugins", "--plugin_path=" + folder),
                            ("run", "--plugin_path=" + folder),
                            ("plugin-test", folder + "/none.so")):
                done = subprocess.run([program, *command], user=65534, group=65534, text=True,
                                      extra_groups=[], capture_output=True, check=False,
                                      timeout=harness.DEADLINE_SECONDS)
                self.assertEqual("is refused: weir runs with more privileges" in done.stderr,
                                 refused, done.stderr)
                if refused:
                    self.assertEqual(done.returncode, harness.EXIT_BAD_USAGE)

    def check_the_folder_beside_it(self, folder, program):
        """The plugin folder of a set-user-ID program, and all folders above it, must belong to root."""
        plugins = os.path.join(folder, "lib/weir/plugins")
        os.makedirs(plugins)
        shutil.copy(os.path.join(harness.PLUGINS, "weir_sink_stdout.so"), plugins)
        for owned, owner, mode, words in (
                (plugins, 0, 0o755, ""),
                (folder, 65534, 0o755, f"{folder} belongs to user 65534"),
                (plugins, 65534, 0o755, f"{plugins} belongs to user 65534"),
                (plugins, 0, 0o1777, f"other users can write to {plugins}"),
                (plugins, 0, 0o777, f"other users can write to {plugins}")):
            os.chown(owned, owner, -1)
            os.chmod(owned, mode)
            for program_mode in (0o755, 0o4755):
                os.chmod(program, program_mode)
                done = subprocess.run([program, "plugins"], user=65534, group=65534, text=True,
                                      extra_groups=[], capture_output=True, check=False,
                                      timeout=harness.DEADLINE_SECONDS)
                if words and program_mode == 0o4755:
                    self.assertEqual(done.returncode, harness.EXIT_BAD_USAGE, done.stderr)
                    self.assertIn(words, done.stderr)
                else:
                    self.assertEqual(done.returncode, harness.EXIT_CLEAN, done.stderr)
                    self.assertIn("stdout", done.stdout)
            os.chown(owned, 0, -1)
            os.chmod(owned, 0o755)


class SignalTest(harness.WeirTest):

    def test_a_stop_signal_that_comes_twice_at_once_drains(self):
        fifo = os.path.join(self.folder, "recording")
        os.mkfifo(fifo)
        recording = pathlib.Path(VECTORS, "raw_records.bin").read_bytes()
        # Two equal signals can be delivered as one; two kinds cannot.
        for second in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
            weir = self.weir("run", "--config=" + self.write(
                "p.textproto", RECORDING % fifo + NAMER % "recording" + SINK))
            # The recording has no end while the writer is open.
            with open(fifo, "wb") as writer:
                writer.write(recording)
                writer.flush()
                harness.wait_until(weir.wrote_records, "records")
                weir.process.send_signal(signal.SIGTERM)
                weir.process.send_signal(second)
                self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
            self.assertEqual(weir.stdout().splitlines(), lines_of("records.jsonl"))
            self.assert_balanced(weir)

    def test_a_second_signal_ends_at_once(self):
        write_end = self.full_pipe()
        self.addCleanup(os.close, write_end)
        # The sink cannot write, so the drain cannot end.
        path = self.write("p.textproto", RECORDING % f"{VECTORS}/raw_records.bin" + NAMER % "recording" + SINK)
        with open(os.path.join(self.folder, "log"), "w+", encoding="utf-8") as log:
            weir = subprocess.Popen([harness.WEIR, "run", "--config=" + path],
                                    stdout=write_end, stderr=log)
            self.addCleanup(self._end, weir)
            text = pathlib.Path(log.name).read_text
            harness.wait_until(lambda: self.writes_to_a_pipe(weir.pid), "the sink to be stuck")
            weir.send_signal(signal.SIGTERM)
            harness.wait_until(lambda: "stopping: Terminated" in text(), "the first signal")

            def ended_by_a_signal():
                # A signal within 250 ms of the first one is its repeat.
                weir.send_signal(signal.SIGTERM)
                return weir.poll() is not None
            harness.wait_until(ended_by_a_signal, "the end by a second signal")
            self.assertEqual(weir.wait(), harness.EXIT_FAILED)
            self.assertIn("ended without draining", text())

    @staticmethod
    def writes_to_a_pipe(pid):
        """True if a thread of the process waits in the kernel for room in a pipe."""
        tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/wchan")
        return any("pipe_write" in task.read_text() for task in tasks)


if __name__ == "__main__":
    harness.main()
