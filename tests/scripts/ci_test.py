#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/ci in a checkout whose steps are small scripts; and count_tests.py, which counts test
cases in one run and over several."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import scripts

count_tests = scripts.load("tools/build/count_tests.py")

CASES = """<testsuites><testsuite>
<testcase classname="Suite" name="Passes"/>
<testcase classname="Suite" name="Passes2"/>
<testcase classname="Suite" name="Fails"><failure message="no"/></testcase>
<testcase classname="Suite" name="IsSkipped"><skipped message="SKIPPED: needs   root"/></testcase>
</testsuite></testsuites>
"""
GOOD = '<testsuites><testsuite><testcase classname="S" name="A"/></testsuite></testsuites>'


class FolderTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, path, text, mode=0o644):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path


class CountTest(FolderTest):

    def setUp(self):
        super().setUp()
        self.results = os.path.join(self.folder, "results")
        os.environ["WEIR_TEST_RESULTS"] = self.results
        self.addCleanup(os.environ.pop, "WEIR_TEST_RESULTS")

    def run_main(self, *arguments):
        """Runs count_tests. Returns exit code and lines of output and errors, in order."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = count_tests.main(list(arguments))
        return code, out.getvalue().splitlines()

    def count(self, *tests):
        """Counts the cases of tests, given as (label, status, text of test.xml or None)."""
        events = []
        for number, (label, status, xml) in enumerate(tests):
            outputs = []
            if xml is not None:
                outputs.append({"name": "test.xml",
                                "uri": "file://" + self.write(f"{number}/test.xml", xml)})
            events.append({"id": {"testResult": {"label": label}},
                           "testResult": {"status": status, "testActionOutput": outputs}})
        events.append({"id": {"progress": {}}})
        return self.run_main(self.write("events", "\n".join(map(json.dumps, events))))

    def test_cases_are_counted_and_failures_and_skips_are_named(self):
        code, lines = self.count(("//a", "FAILED", CASES), ("//b", "PASSED", GOOD))
        self.assertEqual(code, 1)
        self.assertEqual(lines, ["FAILED: //a: Suite.Fails",
                                 "SKIPPED: //a: IsSkipped: SKIPPED: needs root",
                                 "3 passed, 1 failed, 1 skipped"])

    def test_a_crashed_test_is_one_failure(self):
        self.assertEqual(self.count(("//a", "FAILED", GOOD), ("//b", "TIMEOUT", None)),
                         (1, ["FAILED: //a", "FAILED: //b", "1 passed, 2 failed"]))

    def test_no_test_is_a_failure(self):
        self.assertEqual(self.count(), (1, ["no test ran", "0 passed, 0 failed"]))

    def test_all_good(self):
        self.assertEqual(self.count(("//b", "PASSED", GOOD)), (0, ["1 passed, 0 failed"]))

    def test_runs_add_up(self):
        self.count(("//a", "FAILED", CASES))
        self.count(("//b", "PASSED", GOOD))
        self.assertEqual(self.run_main("--sum", self.results), (1, ["3 passed, 1 failed, 1 skipped"]))

    def test_a_sum_without_failures_is_good_but_an_empty_sum_is_not(self):
        self.assertEqual(self.run_main("--sum", self.write("r", "5 0 2\n7 0 0\n")),
                         (0, ["12 passed, 0 failed, 2 skipped"]))
        self.assertEqual(self.run_main("--sum", self.write("r", "")),
                         (1, ["no test ran", "0 passed, 0 failed"]))

    def test_a_malformed_result_is_refused(self):
        for text in ("5 0\n", "5 0 2 1\n", "5 0 x\n"):
            with self.subTest(text), self.assertRaises(ValueError):
                self.run_main("--sum", self.write("r", text))


class CiTest(FolderTest):

    def setUp(self):
        super().setUp()
        for path in ("tools/ci", "tools/build/lib.sh", "tools/build/count_tests.py"):
            target = os.path.join(self.folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(scripts.runfile(path), target)
        for name in self.steps():
            self.assertTrue(name[2].startswith("tools/"), name)
            self.replace(name[2].split()[0], "true")
        self.replace("tools/test", 'echo "2 0 1" >>"$WEIR_TEST_RESULTS"')

    def replace(self, path, script):
        self.write(path, "#!/usr/bin/env bash\n" + script + "\n", 0o755)

    def ci(self, *arguments):
        done = subprocess.run([os.path.join(self.folder, "tools/ci"), *arguments], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd="/", env={**os.environ, "WEIR_TEST_RESULTS": "/dev/full"})
        return done.returncode, done.stdout

    def steps(self):
        """Returns (name, set, command) of every step."""
        code, out = self.ci("--list")
        self.assertEqual(code, 0, out)
        return [tuple(line.split(None, 2)) for line in out.splitlines()]

    def results(self, out):
        """Parses the table. Returns step -> result."""
        return dict(re.findall(r"(?m)^(\S+) +\d+:\d\d  (.+)$", out))

    def test_runs_the_gate_or_all_steps(self):
        steps = self.steps()
        gate = [name for name, of_set, _ in steps if of_set == "gate"]
        self.assertLess(len(gate), len(steps))
        for arguments, names in (((), gate), (("--full",), [name for name, _, _ in steps])):
            code, out = self.ci(*arguments)
            self.assertEqual(code, 0, out)
            self.assertEqual(self.results(out), {name: "ok" for name in names})
        # In the last output: each run of tests has 2 cases that pass and one that is skipped.
        runs = sum(command.startswith("tools/test") for _, _, command in steps)
        self.assertGreaterEqual(runs, 2)
        self.assertEqual(out.splitlines()[-1], f"{2 * runs} passed, 0 failed, {runs} skipped")

    def test_a_failure_is_reported_and_later_steps_still_run(self):
        self.replace("tools/lint", "echo found something; exit 3")
        code, out = self.ci("--only=lint,test")
        self.assertEqual(code, 1)
        self.assertEqual(self.results(out), {"lint": "failed (exit code 3)", "test": "ok"})
        self.assertIn("found something", out)
        self.assertEqual(out.splitlines()[-1], "2 passed, 0 failed, 1 skipped")

    def test_a_step_whose_script_is_missing_fails(self):
        os.remove(os.path.join(self.folder, "tools/lint"))
        code, out = self.ci("--only=lint")
        self.assertEqual(code, 1)
        self.assertRegex(self.results(out)["lint"], "^failed")

    def test_a_step_that_cannot_run_here_is_skipped_with_its_reason(self):
        self.replace("tools/lint", "echo 'SKIPPED: no such tool'; echo")
        code, out = self.ci("--only=lint")
        self.assertEqual(code, 0)
        self.assertEqual(self.results(out), {"lint": "SKIPPED: no such tool"})

    def test_a_skipped_part_is_reported_and_the_step_is_ok(self):
        self.replace("tools/lint", "echo 'SKIPPED: no such tool'; echo nothing found")
        code, out = self.ci("--only=lint")
        self.assertEqual(code, 0)
        self.assertEqual(self.results(out), {"lint": "ok"})
        self.assertIn("left out: no such tool", out)

    def test_a_failure_after_a_skip_is_a_failure(self):
        self.replace("tools/lint", "echo 'SKIPPED: no such tool'; exit 1")
        code, out = self.ci("--only=lint")
        self.assertEqual((code, self.results(out)), (1, {"lint": "failed (exit code 1)"}))

    def test_a_failed_case_is_a_failure_even_if_its_step_succeeded(self):
        self.replace("tools/test", 'echo "2 1 0" >>"$WEIR_TEST_RESULTS"')
        code, out = self.ci("--only=test")
        self.assertEqual((code, out.splitlines()[-1]), (1, "2 passed, 1 failed"))

    def test_tests_that_did_not_run_are_a_failure(self):
        self.replace("tools/test", "true")
        code, out = self.ci("--only=test")
        self.assertEqual((code, out.splitlines()[-1]), (1, "0 passed, 0 failed"))

    def test_steps_run_in_order_and_unknown_steps_are_refused(self):
        _, out = self.ci("--only=test,lint")
        self.assertEqual(list(self.results(out)), ["lint", "test"])
        for arguments in (["--only=lint,nothing"], ["--only="], ["--ful"], ["--only=lint,"]):
            code, out = self.ci(*arguments)
            self.assertEqual(code, 0 if arguments == ["--only=lint,"] else 2, f"{arguments}: {out}")


if __name__ == "__main__":
    scripts.harness.main()
