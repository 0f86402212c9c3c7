#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""weir as a service: it notifies the service manager when it is ready and when it stops, and
the installed systemd unit is valid, restrictive and sufficient."""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import harness

UNIT = os.path.join(harness.TREE, "lib/systemd/system/weir.service")
SERVICE_PIPELINE = os.path.join(harness.EXAMPLES, "service.textproto")
# Runs until the test closes the pipe on its standard input.
PIPELINE = """source { name: "in" type: "record_file"
  config { [weir/weir.sources.RecordFile] { path: "-" } } }
sink { name: "out" type: "stdout" input: "in" }
"""
# Has a thread of every kind of stage.
FLOWS = """source { name: "flows" type: "ebpf_map"
  config { [weir/weir.sources.EbpfMap] { interfaces: "/^veth-/" interfaces: "late"
           cache_active_timeout: "100ms" attach: %s } } }
transform { name: "account" type: "accounter" input: "flows"
  config { [weir/weir.transforms.Accounter] { evict_timeout: "100ms" } } }
sink { name: "out" type: "stdout" input: "account"
  config { [weir/weir.sinks.Stdout] { format: JSON } } }
"""
CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF = 12, 38, 39
READY = b"READY=1\nSTATUS=running 2 stages"
STOPPING = b"STOPPING=1\nSTATUS=delivering all records"


def directives():
    """Parses the unit. Returns name -> list of values."""
    found = {}
    with open(UNIT, encoding="utf-8") as unit:
        for line in unit:
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith("#"):
                found.setdefault(name, []).append(value)
    return found


class ReadinessTest(harness.WeirTest):

    def manager(self, name):
        """Returns the socket of a service manager; `name` is as in NOTIFY_SOCKET."""
        end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(end.close)
        end.bind("\0" + name[1:] if name.startswith("@") else name)
        end.settimeout(harness.DEADLINE_SECONDS)
        os.environ["NOTIFY_SOCKET"] = name
        self.addCleanup(os.environ.pop, "NOTIFY_SOCKET")
        return end

    def start(self, text=PIPELINE, **options):
        read_end, self.write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, self.write_end)
        return self.weir("run", "--config=" + self.write("p.textproto", text), stdin=read_end,
                         **options)

    @staticmethod
    def heard(end):
        """Receives all messages that have arrived."""
        end.setblocking(False)
        messages = []
        try:
            while True:
                messages.append(end.recv(4096))
        except BlockingIOError:
            return messages

    def check_notifications(self, name):
        end = self.manager(name)
        weir = self.start()
        self.assertEqual(end.recv(4096), READY)
        self.assertIsNone(weir.process.poll())
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(self.heard(end), [STOPPING])

    def test_ready_when_it_runs_and_stopping_when_it_ends(self):
        self.check_notifications(f"@weir-service-test-{os.getpid()}")

    def test_a_socket_with_a_path(self):
        # The path of Bazel's folder is too long for a socket.
        folder = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        self.check_notifications(os.path.join(folder, "notify"))

    def test_a_source_that_ends_by_itself(self):
        end = self.manager(f"@weir-service-test-{os.getpid()}")
        weir = self.weir("run", "--config=" + self.write("p.textproto", PIPELINE))
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(self.heard(end), [READY, STOPPING])

    def test_a_weir_that_does_not_start_is_never_ready(self):
        end = self.manager(f"@weir-service-test-{os.getpid()}")
        for text, code in ((PIPELINE.replace("stdout", "stdoot"), harness.EXIT_BAD_USAGE),
                           (PIPELINE.replace('"-"', '"/does/not/exist"'), harness.EXIT_FAILED)):
            self.assertEqual(self.start(text).wait(), code)
        self.assertEqual(self.heard(end), [])

    def test_an_unreachable_manager_stops_nothing(self):
        for address, words in (("@weir-nobody-listens", "notify the service manager of READY=1"),
                               ("nonsense", "NOTIFY_SOCKET is 'nonsense'")):
            os.environ["NOTIFY_SOCKET"] = address
            self.addCleanup(os.environ.pop, "NOTIFY_SOCKET", None)
            weir = self.weir("run", "--config=" + self.write("p.textproto", PIPELINE))
            self.assertEqual(weir.wait(), harness.EXIT_CLEAN)
            self.assertIn(words, weir.stderr())


class UnitTest(harness.WeirTest):

    def setUp(self):
        super().setUp()
        self.prefix = os.path.join(self.folder, "pre fix%")
        harness.run(harness.runfile("tools/build/install_tree"), harness.TREE, self.prefix,
                    self.prefix)
        self.unit = os.path.join(self.prefix, "lib/systemd/system/weir.service")

    def analyze(self, *arguments):
        if not shutil.which("systemd-analyze"):
            raise unittest.SkipTest("SKIPPED: needs systemd-analyze (Debian's package systemd)")
        # systemd-analyze looks up the man pages that the unit names.
        environment = dict(os.environ, MANPATH=os.path.join(self.prefix, "share/man"))
        return subprocess.run(["systemd-analyze", *arguments], text=True, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=harness.DEADLINE_SECONDS, check=False)

    def test_systemd_accepts_the_unit(self):
        if not shutil.which("man"):
            raise unittest.SkipTest("SKIPPED: needs man (Debian's package man-db)")
        done = self.analyze("verify", self.unit)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_systemd_would_refuse_a_bad_unit(self):
        bad = os.path.join(self.folder, "bad.service")
        with open(self.unit, encoding="utf-8") as unit, open(bad, "w", encoding="utf-8") as file:
            file.write(unit.read().replace("/bin/weir", "/bin/wier")
                       .replace("ProtectHome=", "ProtectHoem="))
        done = self.analyze("verify", bad)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("bin/wier", done.stdout)
        self.assertIn("ProtectHoem", done.stdout)

    def test_little_is_exposed(self):
        # The scale goes from 0.0, nothing, to 10.0, everything. The three capabilities and the
        # network of the machine make up the rest. A directive that is lost shows here.
        done = self.analyze("security", "--offline=true", "--threshold=20", self.unit)
        found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        self.assertTrue(found, done.stdout)
        self.assertLessEqual(float(found[1]), 2.0, done.stdout)

    def test_systemd_does_not_restart_where_that_cannot_help(self):
        found = directives()
        self.assertEqual(found["Restart"], ["on-failure"])
        self.assertEqual(found["RestartPreventExitStatus"],
                         [f"{harness.EXIT_BAD_USAGE} {harness.EXIT_UNSUPPORTED}"])


class PrivilegeTest(harness.NamespaceTest):

    def run_as_the_service(self, capabilities, config=None):
        """Runs weir as a user with these capabilities only, with the pipeline of the service or
        with the text `config`."""
        # The user `nobody` cannot enter Bazel's folders.
        tree = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, tree)
        os.chmod(tree, 0o755)
        harness.run(harness.runfile("tools/build/install_tree"), harness.TREE, tree, tree)
        names = ",".join("+" + name.lower().replace("cap_", "") for name in capabilities)
        flags = [f"--{kind}-caps=-all,{names}".rstrip(",") for kind in ("inh", "ambient", "bounding-set")]
        flags[2] = flags[2].replace("-caps", "")
        path = os.path.join(tree, "share/weir/examples/service.textproto")
        if config is not None:
            path = os.path.join(tree, "p.textproto")
            with open(path, "w", encoding="utf-8") as file:
                file.write(config)
        return self.weir("--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs",
                         *flags, os.path.join(tree, "bin/weir"), "run", "--log_level=debug",
                         "--config=" + path, netns=self.a, program="setpriv")

    @staticmethod
    def capabilities_of(pid):
        """Returns thread -> name of a capability set -> its bits."""
        threads = {}
        for status in glob.glob(f"/proc/{pid}/task/*/status"):
            with open(status, encoding="utf-8") as lines:
                threads[status] = {name: int(value, 16) for name, _, value in
                                   (line.partition(":") for line in lines)
                                   if name.startswith("Cap")}
        return threads

    def setUp(self):
        if not shutil.which("setpriv"):
            raise unittest.SkipTest("SKIPPED: needs setpriv")
        super().setUp()
        [ambient] = directives()["AmbientCapabilities"]
        self.assertEqual(directives()["CapabilityBoundingSet"], [ambient])
        self.capabilities = ambient.split()

    def test_the_capabilities_of_the_unit_suffice(self):
        self.enable_ip()
        weir = self.run_as_the_service(self.capabilities)
        weir.wait_for_log(": measuring ")
        self.inside(self.a, "ping", "-qc3", "-i0.2", "10.78.0.2")
        self.assertEqual(weir.stop(signal.SIGTERM), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        packets, _ = harness.totals(weir.records(), Proto=1, FlowDirection=1)
        self.assertEqual(packets, 3)

    def test_every_thread_has_only_the_capabilities_that_running_needs(self):
        if "tsan" in harness.run(harness.WEIR, "version", "--verbose").partition("options")[0]:
            raise unittest.SkipTest("SKIPPED: ThreadSanitizer has a thread before weir begins")
        for attach in ("AUTO", "CLSACT"):
            with self.subTest(attach):
                weir = self.run_as_the_service(self.capabilities, FLOWS % attach)
                weir.wait_for_log("measuring 1 interface")
                self.assertIn("gave up CAP_PERFMON", weir.stderr())
                kept = 1 << CAP_BPF | 1 << CAP_NET_ADMIN
                # The threads: main, source, sink, the transform with ticks, and three without
                # any capability: signals, and two of the watchdog.
                threads = self.capabilities_of(weir.process.pid)
                self.assertGreaterEqual(len(threads), 7)
                bare = [sets for sets in threads.values() if sets["CapPrm"] == 0]
                self.assertEqual(len(bare), 3)
                for sets in threads.values():
                    self.assertIn(sets["CapPrm"], (kept, 0))
                    self.assertEqual(sets["CapEff"], sets["CapPrm"])
                    self.assertEqual(sets["CapInh"] & 1 << CAP_PERFMON, 0)
                    self.assertEqual(sets["CapAmb"] & 1 << CAP_PERFMON, 0)
                self.check_a_later_interface(weir)
                self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
                self.assert_balanced(weir)

    def check_a_later_interface(self, weir):
        """Fails unless weir measures an interface that appears now, with its reduced
        capabilities."""
        self.inside(self.a, "ip", "link", "add", "late", "type", "veth", "peer", "name", "far")
        for link in ("late", "far"):
            self.inside(self.a, "ip", "link", "set", link, "up")
        weir.wait_for_log("interface 'late' ")
        index = self.if_index(self.a, "late")
        self.send_frames(self.a, "far", 3)
        harness.wait_until(lambda: harness.totals(weir.records(), IFIndex=index)[0] >= 3, "flows")
        self.inside(self.a, "ip", "link", "del", "late")

    def test_root_keeps_its_capabilities(self):
        weir = self.weir("run", "--config=" + self.write("p.textproto", FLOWS % "AUTO"),
                         netns=self.a)
        weir.wait_for_log("measuring 1 interface")
        [own] = self.capabilities_of(os.getpid()).values()
        for sets in self.capabilities_of(weir.process.pid).values():
            self.assertEqual(sets["CapEff"], own["CapEff"])
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())

    def test_each_capability_of_the_unit_is_needed(self):
        for name in ("CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"):
            self.assertIn(name, self.capabilities)
            weir = self.run_as_the_service([other for other in self.capabilities if other != name])
            self.assertEqual(weir.wait(), harness.EXIT_UNSUPPORTED, f"without {name}: {weir.stderr()}")


if __name__ == "__main__":
    harness.main()
