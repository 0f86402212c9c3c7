#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/kernel-test without a virtual machine: it judges complete, truncated and missing
results, runs one test, and writes the archive that a kernel unpacks."""

import contextlib
import io
import json
import os
import stat
import subprocess
import tempfile
import unittest

import scripts

kernel_test = scripts.load("tools/build/kernel_test.py")
guest_init = scripts.load("tools/build/guest_init.py")
guest_root = scripts.load("tools/build/guest_root.py")

GOOD = ('<testsuites><testsuite><testcase classname="S" name="Good"><properties>'
        '<property name="instructions" value="7"/></properties></testcase>'
        '<testcase classname="S" name="IsSkipped"><skipped message="SKIPPED: no TCX"/></testcase>'
        '</testsuite></testsuites>')
BAD = ('<testsuites><testsuite><testcase classname="S" name="Bad"><failure message="no"/>'
       '</testcase></testsuite></testsuites>')
EMPTY = "<testsuites></testsuites>"
END = json.dumps({"release": "6.1.0"}) + "\n"
CONSOLE = """booting
=== //a
what a wrote
=== //a: 0
=== //b
what b wrote
"""


def result(label, code=0, xml=GOOD):
    entry = {"label": label, "code": code, "seconds": 1.5}
    if xml is not None:
        entry["xml"] = xml
    return json.dumps(entry) + "\n"


class FolderTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)


class JudgeTest(FolderTest):

    def judge(self, text, labels=("//a", "//b"), trouble=None, console=CONSOLE):
        """Judges results. Returns exit code and lines of output."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = kernel_test.judge(labels, text, console, trouble, self.folder)
        return code, out.getvalue().splitlines()

    def test_results_are_counted_and_skips_and_measurements_printed(self):
        code, lines = self.judge(result("//a") + result("//b") + END)
        self.assertEqual((code, lines[-1]), (0, "2 passed, 0 failed, 2 skipped"))
        self.assertIn("SKIPPED: //a: IsSkipped: SKIPPED: no TCX", lines)
        self.assertIn("S.Good: instructions 7", lines)
        self.assertIn("on Linux 6.1.0:", lines)

    def test_a_failed_case_fails_and_its_console_is_shown(self):
        code, lines = self.judge(result("//a") + result("//b", 1, BAD) + END)
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 1 skipped"))
        self.assertIn("FAILED: //b: S.Bad", lines)
        self.assertIn("  what b wrote", lines)
        self.assertNotIn("  what a wrote", lines)

    def test_a_test_without_a_result_fails(self):
        for text in (result("//a"),                      # the machine ended
                     result("//a") + END,                # a line is lost
                     result("//a") + result("//b")[:-9]  # a line is truncated
                     ):
            with self.subTest(text):
                code, lines = self.judge(text)
                self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 1 skipped"))
                self.assertIn("FAILED: //b", lines)
                self.assertIn("FAILED: the machine ended before the tests did; "
                              "without a result: //b", lines)

    def test_a_panic_is_shown(self):
        code, lines = self.judge("", console="fine\nKernel panic - not syncing\n")
        self.assertEqual((code, lines[-1]), (1, "0 passed, 2 failed"))
        self.assertIn("  Kernel panic - not syncing", lines)

    def test_trouble_is_a_failure_even_if_all_results_are_good(self):
        code, lines = self.judge(result("//a") + result("//b") + END, trouble="ended after 5 s")
        self.assertEqual((code, lines[-1]), (1, "2 passed, 0 failed, 2 skipped"))
        self.assertIn("FAILED: ended after 5 s; without a result: none", lines)

    def test_a_missing_last_line_is_a_failure(self):
        code, _ = self.judge(result("//a") + result("//b"))
        self.assertEqual(code, 1)

    def test_a_test_that_succeeds_without_a_case_has_not_passed(self):
        for xml in (EMPTY, None, GOOD[:50]):
            with self.subTest(xml):
                code, lines = self.judge(result("//a") + result("//b", 0, xml) + END)
                self.assertEqual(code, 1)
                self.assertIn("FAILED: //b", lines)

    def test_a_crash_after_good_cases_and_a_timeout_fail(self):
        for code in (-11, "timeout"):
            with self.subTest(code):
                self.assertEqual(self.judge(result("//a", code) + END, labels=("//a",))[0], 1)

    def test_no_test_is_a_failure(self):
        code, lines = self.judge(END, labels=())
        self.assertEqual((code, lines[-1]), (1, "0 passed, 0 failed"))

    def test_lines_that_are_no_result_are_ignored(self):
        noise = "\x00\xff[  1.2] message\n[1]\n7\n{\n{}\n"
        code, lines = self.judge(noise + result("//a") + noise + result("//b") + END)
        self.assertEqual((code, lines[-1]), (0, "2 passed, 0 failed, 2 skipped"))


class BootTest(FolderTest):

    def boot(self, script, seconds=60):
        """Boots a shell script as the machine. Returns the trouble (None if it ended well) and
        the output."""
        with open(self.path("results"), "w", encoding="utf-8"):
            pass
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            trouble = kernel_test.boot(["sh", "-c", script, "sh", self.path("results")],
                                       self.path("results"), seconds)
        return trouble, out.getvalue()

    def test_results_are_printed_as_they_arrive(self):
        self.assertEqual(self.boot(f"echo '{result('//a', 3).strip()}' >$1"),
                         (None, "//a: exit code 3 in 1.5 s\n"))

    def test_a_machine_that_fails_is_trouble(self):
        self.assertEqual(self.boot("exit 3"), ("QEMU ended with exit code 3", ""))

    def test_a_machine_that_does_not_end_is_killed(self):
        self.assertEqual(self.boot("exec sleep 3600", seconds=0),
                         ("the machine was ended after 0 s", ""))


class GuestTest(FolderTest):

    def setUp(self):
        super().setUp()
        guest_init.FOLDERS = self.folder

    def run_test(self, script, seconds=60):
        with contextlib.redirect_stdout(io.StringIO()):
            return guest_init.run({"label": "//a", "program": "/bin/sh", "seconds": seconds,
                                   "arguments": ["-c", script],
                                   "environment": {"GREETING": "<hello/>"}}, 0)

    def test_exit_code_and_report_are_those_of_the_test(self):
        done = self.run_test('echo "$GREETING" >"$XML_OUTPUT_FILE"; exit 4')
        self.assertEqual((done["label"], done["code"], done["xml"]), ("//a", 4, "<hello/>\n"))

    def test_without_a_report_there_is_none(self):
        self.assertNotIn("xml", self.run_test("true"))

    def test_a_test_that_does_not_end_is_killed_with_its_children(self):
        done = self.run_test('sleep 3600 & echo $! >child; wait', seconds=1)
        self.assertEqual(done["code"], "timeout")
        with open(self.path("test0/child"), encoding="utf-8") as file:
            child = file.read().strip()
        def has_ended():
            shown = subprocess.run(["ps", "-o", "stat=", "-p", child], capture_output=True, text=True,
                                   check=False)
            return shown.stdout.strip()[:1] in ("", "Z")
        # The kernel may need a moment to end a process that was killed.
        scripts.harness.wait_until(has_ended, "the end of the child")


def unpack(data):
    """Unpacks a newc archive by its published format. Returns path -> (mode, content)."""
    entries, at = {}, 0
    while True:
        header = data[at:at + 110]
        if header[:6] != b"070701":
            raise ValueError(f"no header at {at}: {header[:6]}")
        field = [int(header[6 + 8 * i:14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = field[1], field[6], field[11]
        name = data[at + 110:at + 110 + name_size - 1].decode()
        at = (at + 110 + name_size + 3) // 4 * 4
        if name == "TRAILER!!!":
            return entries
        entries[name] = (mode, data[at:at + size])
        at = (at + size + 3) // 4 * 4


class ArchiveTest(FolderTest):

    def test_an_archive_unpacks_to_what_was_added(self):
        with open(self.path("source"), "wb") as file:
            file.write(b"copied")
        os.chmod(self.path("source"), 0o751)
        with open(self.path("archive"), "wb") as file:
            archive = guest_root.Archive(file)
            for size in range(5):  # every remainder of the padding
                archive.write(f"a/b/file{size}", b"x" * size)
            archive.link("bin", "usr/bin")
            archive.copy("/copy", self.path("source"))
            archive.write("copy", b"twice is once")
            archive.folder("a/b")
            archive.close()
        with open(self.path("archive"), "rb") as file:
            found = unpack(file.read())
        folder = (stat.S_IFDIR | 0o755, b"")
        self.assertEqual(found, {
            "a": folder, "a/b": folder, "bin": (stat.S_IFLNK | 0o777, b"usr/bin"),
            "copy": (stat.S_IFREG | 0o751, b"copied"),
            **{f"a/b/file{size}": (stat.S_IFREG | 0o644, b"x" * size) for size in range(5)}})
        # A folder must come before its contents.
        self.assertLess(list(found).index("a/b"), list(found).index("a/b/file0"))

    def test_packages_come_with_all_their_dependencies(self):
        database = ("a\tinstalled\t\tb (>= 1), absent | c:any\n"
                    "b\tinstalled\t\t, virtual\n"
                    "c\tinstalled\t\ta\n"
                    "d\tinstalled\tvirtual (= 2), other\t\n"
                    "e\tinstalled\t\t\n"
                    "f\tconfig-files\t\t\n")
        self.assertEqual(guest_root.with_dependencies(["a"], database), ["a", "b", "c", "d"])
        with self.assertRaisesRegex(guest_root.Error, "not installed: f g$"):
            guest_root.with_dependencies(["a", "g", "f"], database)


class CommandTest(FolderTest):

    def command(self, *arguments):
        return subprocess.run([scripts.runfile("tools/kernel-test"), *arguments], text=True,
                              capture_output=True, check=False,
                              env={**os.environ, "PATH": self.folder + ":" + os.environ["PATH"]})

    def test_help_and_bad_arguments(self):
        done = self.command("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--kernel=PACKAGE", done.stdout)
        for argument in ("--kernel=", "--accel=xen", "--seconds=0", "--fly"):
            self.assertEqual(self.command(argument).returncode, 2, argument)

    def test_on_another_machine_it_is_skipped(self):
        with open(self.path("uname"), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho riscv64\n")
        os.chmod(self.path("uname"), 0o755)
        done = self.command()
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\ASKIPPED: kernel test: .*\n\Z")


if __name__ == "__main__":
    scripts.harness.main()
