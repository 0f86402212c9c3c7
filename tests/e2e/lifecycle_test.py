#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The end of a run in every phase: a function of a plugin that does not return, stop signals, a
lack of threads, and an output that nobody reads."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness

PIPELINE = """source { name: "in" type: "stuck" }
sink { name: "out" type: "stuck" input: "in" }
"""
STEADY = """source { name: "in" type: "steady" }
sink { name: "out" type: "%s" input: "in" }
"""
# A user of whom the machine has no process: `ulimit -u` counts all of a user.
LONELY_USER = 59731

STAGE_FUNCTIONS = [
    "source.create", "source.prepare", "source.start", "source.run", "source.interrupt",
    "source.stop", "source.destroy", "sink.create", "sink.prepare", "sink.start", "sink.process",
    "sink.tick", "sink.reopen", "sink.flush", "sink.interrupt", "sink.stop", "sink.destroy"]


class StuckTest(harness.WeirTest):
    """weir with the plugin "stuck"."""

    def setUp(self):
        super().setUp()
        self.plugins = os.path.join(self.folder, "plugins")
        os.mkdir(self.plugins)
        shutil.copy(harness.runfile("tests/plugins/stuck.so"),
                    os.path.join(self.plugins, "weir_source_stuck.so"))
        self.config = self.write("p.textproto", PIPELINE)

    def start(self, function, *flags, until=""):
        os.environ["WEIR_STUCK_IN"] = function
        os.environ["WEIR_STUCK_UNTIL"] = until
        try:
            return self.weir("run", "--config=" + self.config, "--plugin_path=" + self.plugins,
                             *flags)
        finally:
            del os.environ["WEIR_STUCK_IN"], os.environ["WEIR_STUCK_UNTIL"]

    def provoke(self, weir, function):
        """Makes weir call `function`, and waits until it is stuck."""
        if function == "sink.reopen":
            weir.wait_for_log("opening plugin")
            # A request before there are stages has no effect.
            def stuck():
                weir.process.send_signal(signal.SIGUSR1)
                return "stuck in" in weir.stderr()
            harness.wait_until(stuck, "a call of reopen")
        if function.split(".")[1] in ("interrupt", "flush", "stop", "destroy"):
            # These come at the end: the signal that should end the run makes weir call them.
            harness.wait_until(lambda: "opening plugin" in weir.stderr(), "the start")
            weir.process.send_signal(signal.SIGTERM)
        weir.wait_for_log("stuck in " + function)
        weir.process.send_signal(signal.SIGTERM)

    def test_a_run_ends_wherever_a_function_hangs_and_names_it(self):
        started = [(function, self.start(function, "--drain_timeout=200ms"))
                   for function in STAGE_FUNCTIONS]
        for function, weir in started:
            self.provoke(weir, function)
        for function, weir in started:
            code = weir.wait()
            kind, name = function.split(".")
            stage = {"source": "source 'in'", "sink": "sink 'out'"}[kind]
            self.assertEqual(code, harness.EXIT_FAILED, f"{function}: {weir.stderr()}")
            self.assertIn(f"{stage} does not return from {name}", weir.stderr())
            self.assert_balanced(weir)

    def test_a_plugin_that_hangs_while_it_is_opened_is_named(self):
        weir = self.start("plugin.opening", "--drain_timeout=200ms")
        self.provoke(weir, "plugin.opening")
        self.assertEqual(weir.wait(), harness.EXIT_FAILED)
        self.assertIn("weir_source_stuck.so' does not return from its opening", weir.stderr())

    def test_a_second_signal_ends_at_once_in_every_phase(self):
        started = [(function, self.start(function, "--drain_timeout=1h"))
                   for function in STAGE_FUNCTIONS + ["plugin.opening"]
                   if function != "sink.interrupt"]  # comes at the drain timeout
        for function, weir in started:
            self.provoke(weir, function)

            def ended(weir=weir):
                weir.process.send_signal(signal.SIGTERM)
                return weir.process.poll() is not None
            harness.wait_until(ended, "the end by a second signal in " + function)
            self.assertEqual(weir.wait(), harness.EXIT_FAILED, weir.stderr())
            self.assertIn("ended without draining", weir.stderr())

    def test_a_signal_before_the_end_of_the_start_stops_in_order(self):
        for function in ("plugin.opening", "source.create", "sink.prepare", "sink.start",
                         "source.start"):
            until = os.path.join(self.folder, function)
            weir = self.start(function, until=until)
            weir.wait_for_log("stuck in " + function)
            weir.process.send_signal(signal.SIGTERM)
            if function != "plugin.opening":
                weir.wait_for_log("stopping: Terminated")
            pathlib.Path(until).touch()
            self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
            self.assert_balanced(weir)


class ThreadsTest(harness.WeirTest):
    """A user who may not have enough threads."""

    @unittest.skipIf(os.environ.get("WEIR_SANITIZER"),
                     "SKIPPED: a sanitizer needs a thread of its own")
    def test_a_lack_of_threads_is_an_error_in_every_phase(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: needs root to become a user without processes")
        # A folder that the other user can reach.
        folder = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        tree = os.path.join(folder, "tree")
        for name in ("bin/weir", "lib/weir/plugins/weir_sink_stdout.so"):
            os.makedirs(os.path.dirname(os.path.join(tree, name)), exist_ok=True)
            shutil.copy(os.path.join(harness.TREE, name), os.path.join(tree, name))
        plugins = os.path.join(tree, "lib/weir/plugins")
        shutil.copy(harness.runfile("tests/plugins/steady.so"),
                    os.path.join(plugins, "weir_source_steady.so"))
        config = os.path.join(folder, "p.textproto")
        pathlib.Path(config).write_text(STEADY % "stdout")
        outcomes = []
        for limit in range(1, 12):
            def limited(limit=limit):
                resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
            done = subprocess.run(
                ["setpriv", f"--reuid={LONELY_USER}", f"--regid={LONELY_USER}", "--clear-groups",
                 os.path.join(tree, "bin/weir"), "run", "--config=" + config],
                preexec_fn=limited, capture_output=True, text=True, check=False,
                timeout=harness.DEADLINE_SECONDS)
            outcomes.append(done.returncode)
            self.assertIn(done.returncode, (harness.EXIT_CLEAN, harness.EXIT_FAILED), done.stderr)
            if done.returncode == harness.EXIT_FAILED:
                self.assertIn("start a thread", done.stderr)
                self.assertIn(f"the limit of this user is {limit} threads", done.stderr)
        # Failures, and from some limit on clean runs.
        self.assertEqual(outcomes, sorted(outcomes, reverse=True))
        self.assertGreaterEqual(outcomes.count(harness.EXIT_FAILED), 4)
        self.assertEqual(outcomes[-1], harness.EXIT_CLEAN)


class BlockedOutputTest(harness.WeirTest):

    def test_the_balance_holds_at_the_drain_timeout(self):
        plugins = os.path.join(self.folder, "plugins")
        os.mkdir(plugins)
        shutil.copy(harness.runfile("tests/plugins/steady.so"),
                    os.path.join(plugins, "weir_source_steady.so"))
        write_end = self.full_pipe()
        self.addCleanup(os.close, write_end)
        weir = self.weir("run", "--config=" + self.write("p.textproto", STEADY % "stdout"),
                         "--plugin_path=" + plugins, "--drain_timeout=200ms", stdout=write_end)
        tasks = pathlib.Path(f"/proc/{weir.process.pid}/task")
        harness.wait_until(lambda: any("pipe_write" in task.read_text()
                                       for task in tasks.glob("*/wchan")), "the sink to be stuck")
        weir.process.send_signal(signal.SIGTERM)
        self.assertEqual(weir.wait(), harness.EXIT_FAILED)
        self.assertIn("did not drain within 200ms", weir.stderr())
        self.assertNotIn("unaccounted", weir.stderr())
        self.assert_balanced(weir)


if __name__ == "__main__":
    harness.main()
