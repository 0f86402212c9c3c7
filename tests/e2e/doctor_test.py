#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir doctor`: its findings on this machine with all privileges, with the three that weir needs, and
without any; and its verdict from the findings of plugins."""

import collections
import itertools
import os
import re
import shutil
import subprocess
import unittest

import harness

STEADY = """source { name: "in" type: "steady" }
sink { name: "out" type: "%s" input: "in" }
"""
FLOWS = """source { name: "flows" type: "ebpf_map"
  config { [weir/weir.sources.EbpfMap] { cache_max_flows: %d %s } } }
%s
sink { name: "console" type: "stdout" input: "flows" }
"""
RING = 'source { name: "ring" type: "ebpf_ringbuf" }\nsink { name: "c2" type: "stdout" input: "ring" }'

Finding = collections.namedtuple("Finding", "stage subject severity text")


def findings_in(text):
    """The findings in the output of `weir doctor`, and its last line."""
    *lines, verdict = text.splitlines()
    found, stage = [], None
    for line in lines:
        if not line.startswith(" "):
            stage = line
            continue
        match = re.fullmatch(r"  (\S.*?) +(ok|degraded|missing) +(\S.*)", line)
        assert match, line
        found.append(Finding(stage, *match.groups()))
    return found, verdict


class DoctorTest(harness.WeirTest):

    def doctor(self, *arguments, code=harness.EXIT_CLEAN, under=(), **options):
        """Runs the doctor. Returns its findings, its verdict, and its stderr."""
        done = subprocess.run([*under, harness.WEIR, "doctor", *arguments], text=True,
                              capture_output=True, timeout=harness.DEADLINE_SECONDS, check=False,
                              **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if not done.stdout:
            return [], "", done.stderr
        return *findings_in(done.stdout), done.stderr

    def subject(self, name, findings):
        [found] = [finding for finding in findings if finding.subject == name]
        return found


class FindingsTest(DoctorTest):

    def setUp(self):
        super().setUp()
        self.plugins = os.path.join(self.folder, "plugins")
        os.mkdir(self.plugins)
        for name in ("steady", "opinions"):
            shutil.copy(harness.runfile(f"tests/plugins/{name}.so"), self.plugins)

    def ask(self, opinions, code, name="opinions"):
        path = self.write("p.textproto", STEADY % name)
        return path, *self.doctor("--config=" + path, "--plugin_path=" + self.plugins, code=code,
                                  env=dict(os.environ, WEIR_OPINIONS=opinions))

    def test_each_severity_has_its_line_and_the_worst_counts(self):
        path, found, verdict, _ = self.ask("ok,degraded,missing", harness.EXIT_UNSUPPORTED)
        self.assertEqual(found, [Finding("sink 'out'", f"thing {number}", word, f"it is {word}")
                                 for number, word in enumerate(("ok", "degraded", "missing"), 1)])
        self.assertEqual(verdict, f"{path}: does not run here: 1 missing, 1 degraded")
        path, _, verdict, _ = self.ask("degraded,ok,degraded", harness.EXIT_CLEAN)
        self.assertEqual(verdict, f"{path}: runs here, 2 degraded")
        path, _, verdict, _ = self.ask("ok", harness.EXIT_CLEAN)
        self.assertEqual(verdict, f"{path}: runs here")

    def test_plugins_that_have_nothing_to_say(self):
        for name in ("none", "old_minor"):
            shutil.copy(harness.runfile(f"tests/plugins/{name}.so"), self.plugins)
            path, found, verdict, _ = self.ask("", harness.EXIT_CLEAN, "defect")
            self.assertEqual((found, verdict), ([], f"{path}: runs here"))
            os.remove(os.path.join(self.plugins, name + ".so"))

    def test_a_plugin_that_cannot_be_used_is_named(self):
        shutil.copy(harness.runfile("tests/plugins/no_symbol.so"), self.plugins)
        *_, said = self.ask("ok", harness.EXIT_CLEAN)
        self.assertIn("no_symbol.so': is not a weir plugin", said)

    def test_a_bad_configuration_is_exit_code_2(self):
        path, found, verdict, said = self.ask("degraded,fail", harness.EXIT_BAD_USAGE)
        self.assertIn(":2:1: sink 'out': has no opinion", said)
        # What was found before the error has its lines.
        self.assertEqual([finding.severity for finding in found], ["degraded"])
        self.assertEqual(verdict, path + ": does not run here")
        *_, said = self.ask("ok", harness.EXIT_BAD_USAGE, "opinion")
        self.assertIn("p.textproto:2:", said)
        *_, said = self.doctor("--config=/does/not/exist", code=harness.EXIT_BAD_USAGE)
        self.assertIn("No such file", said)
        *_, said = self.doctor("--fly=1", code=harness.EXIT_BAD_USAGE)
        self.assertIn("'doctor' has no flag --fly", said)
        path = self.write("ring.textproto", """source { name: "in" type: "ebpf_ringbuf" }
sink { name: "s" type: "stdout" input: "in" }
""")
        *_, said = self.doctor("--config=" + path, code=harness.EXIT_BAD_USAGE)
        self.assertTrue(said.startswith(path + ":1:1: source 'in': datapath 'default' has no stage"), said)

    def test_a_plugin_that_throws_is_exit_code_1(self):
        *_, said = self.ask("throw", harness.EXIT_FAILED)
        self.assertIn("sink 'out': thrown", said)


class MachineTest(DoctorTest):

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            raise unittest.SkipTest("SKIPPED: needs root, to have privileges and to give them up")
        if not shutil.which("setpriv"):
            raise unittest.SkipTest("SKIPPED: needs setpriv")

    @staticmethod
    def only(*capabilities):
        """A command prefix that leaves only these capabilities. The user stays root, who owns the
        folders of the test, but root has no privilege of its own."""
        names = "".join(",+" + name.lower().replace("cap_", "") for name in capabilities)
        return ["setpriv", "--no-new-privs", "--securebits=+noroot,+noroot_locked",
                "--inh-caps=-all" + names, "--bounding-set=-all" + names,
                "--ambient-caps=-all" + names]

    def runs_here(self):
        """True if the built-in pipeline runs: as root, on a kernel with all features."""
        found, *_ = findings_in(subprocess.run(
            [harness.WEIR, "doctor"], text=True, capture_output=True, check=False,
            timeout=harness.DEADLINE_SECONDS).stdout)
        return all(finding.severity != "missing" for finding in found)

    def test_root_is_told_everything(self):
        if not self.runs_here():
            raise unittest.SkipTest("SKIPPED: this kernel or container cannot run weir")
        found, verdict, said = self.doctor()
        if self.subject("compare-and-swap", found).severity == "ok":
            self.assertEqual(said, "")
        else:
            self.assertRegex(said, r"\A.*flow table: hash maps instead of .*lacks compare-and-swap.*\n\Z")
        self.assertRegex(verdict, r"^built-in pipeline: runs here")
        subjects = [finding.subject for finding in found if finding.stage == "source 'flows'"]
        for subject in ("kernel", "capabilities", "BPF", "BTF", "BPF JIT", "TCX", "clsact", "hash map",
                        "array of maps", "per-CPU array", "ring buffer", "mmap-able array",
                        "compare-and-swap", "batch operations", "BPF programs", "flow table",
                        "memory"):
            self.assertIn(subject, subjects)
        self.assertEqual(self.subject("kernel", found).text, os.uname().release)
        self.assertEqual([stage for stage, _ in itertools.groupby(found, lambda one: one.stage)],
                         ["source 'flows'", "transform 'account'", "transform 'name'",
                          "sink 'console'"])

    def test_it_keeps_nothing_in_the_kernel(self):
        if not self.runs_here():
            raise unittest.SkipTest("SKIPPED: this kernel or container cannot run weir")
        if not shutil.which("bpftool"):
            raise unittest.SkipTest("SKIPPED: needs bpftool")

        def probes():
            shown = harness.run("bpftool", "map") + harness.run("bpftool", "prog")
            return [line for line in shown.splitlines() if "weir_probe" in line]
        self.doctor()
        # The kernel frees a map shortly after its last user is gone.
        harness.wait_until(lambda: not probes(), "the end of the probes")

    def test_memory_is_that_of_the_configuration(self):
        if not self.runs_here():
            raise unittest.SkipTest("SKIPPED: this kernel or container cannot run weir")
        for flows, ring in ((5000, ""), (200000, RING)):
            path = self.write("p.textproto", FLOWS % (flows, "", ring))
            found, *_ = self.doctor("--config=" + path)
            memory = self.subject("memory", found)
            self.assertIn(f"cache_max_flows {flows}", memory.text)
            self.assertEqual("ring_bytes" in memory.text, bool(ring))
            self.assertEqual([f.subject for f in found if f.subject == "overflow"],
                             [] if ring else ["overflow"])

    def test_the_capabilities_of_the_service_suffice(self):
        if not self.runs_here():
            raise unittest.SkipTest("SKIPPED: this kernel or container cannot run weir")
        found, *_ = self.doctor(under=self.only("CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"))
        self.assertEqual(self.subject("capabilities", found).severity, "ok")
        self.assertEqual(self.subject("BPF programs", found).severity, "ok")

    def test_on_kernels_that_count_maps_as_locked_memory_it_says_so(self):
        if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 11):
            raise unittest.SkipTest("SKIPPED: kernels from 5.11 on do not")
        found, *_ = self.doctor(code=harness.EXIT_UNSUPPORTED, under=[
            "prlimit", "--memlock=65536", *self.only("CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON")])
        self.assertIn("RLIMIT_MEMLOCK", self.subject("BPF programs", found).text)

    def test_without_privileges_it_names_those_that_are_missing(self):
        found, verdict, said = self.doctor(code=harness.EXIT_UNSUPPORTED, under=self.only())
        self.assertEqual(said, "")
        self.assertIn("does not run here: 1 missing", verdict)
        self.assertIn("lacks CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON: run as root",
                      self.subject("capabilities", found).text)
        self.assertEqual(self.subject("capabilities", found).severity, "missing")
        for name in ("CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"):
            others = {"CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"} - {name}
            found, *_ = self.doctor(code=harness.EXIT_UNSUPPORTED, under=self.only(*others))
            self.assertIn(f"lacks {name}:", self.subject("capabilities", found).text)

    def test_other_namespaces_take_one_privilege_more(self):
        if not self.runs_here():
            raise unittest.SkipTest("SKIPPED: this kernel or container cannot run weir")
        path = self.write("p.textproto", FLOWS % (1000, 'interfaces: "weir-none" netns: ALL', ""))
        three = ["CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"]
        for more, severity, code in (([], "missing", harness.EXIT_UNSUPPORTED),
                                     (["CAP_SYS_ADMIN"], "degraded", harness.EXIT_CLEAN),
                                     (["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"], "ok",
                                      harness.EXIT_CLEAN)):
            found, *_ = self.doctor("--config=" + path, code=code, under=self.only(*three, *more))
            self.assertEqual(self.subject("network namespaces", found).severity, severity)
        done = subprocess.run([*self.only(*three), harness.WEIR, "run", "--config=" + path],
                              text=True, capture_output=True, timeout=harness.DEADLINE_SECONDS,
                              check=False)
        self.assertEqual(done.returncode, harness.EXIT_UNSUPPORTED, done.stderr)
        self.assertIn("netns ALL: enter a network namespace: not permitted: this needs root or "
                      "CAP_SYS_ADMIN", done.stderr)

    def test_it_concludes_what_run_does(self):
        """With and without privileges, the exit code is the exit code of a run."""
        path = self.write("p.textproto", FLOWS % (1000, 'interfaces: "weir-none"', ""))
        for capabilities in ((), ("CAP_BPF", "CAP_NET_ADMIN"),):
            under = self.only(*capabilities)
            self.doctor("--config=" + path, code=harness.EXIT_UNSUPPORTED, under=under)
            done = subprocess.run([*under, harness.WEIR, "run", "--config=" + path], text=True,
                                  capture_output=True, timeout=harness.DEADLINE_SECONDS, check=False)
            self.assertEqual(done.returncode, harness.EXIT_UNSUPPORTED, done.stderr)


if __name__ == "__main__":
    harness.main(alone=True)
