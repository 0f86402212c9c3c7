#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coverage_report.py merges counts correctly. For a known program with a plugin, it reports
exactly the lines that run, through the real compiler and gcov."""

import contextlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
import unittest

import scripts

report = scripts.load("tools/build/coverage_report.py")

# Marks the lines that run and the lines that never run.
HEADER = """#pragma once
template <typename T>
int Sign(T value) {           // run
  if (value < T{}) {          // run
    return -1;                // run
  }
  return 1;                   // run
}
inline int InlineNeverCalled() {  // left
  return 3;                   // left
}
"""
PROGRAM = """#include <dlfcn.h>
#include <vector>
#include "lib/sign.h"
int NeverCalled() {           // left
  return InlineNeverCalled();  // left
}
int main(int argc, char** argv) {  // run
  if (argc != 2) return 2;    // run
  std::vector<int> others(2, 1);  // run
  void* plugin = dlopen(argv[1], RTLD_NOW);  // run
  if (plugin == nullptr) {    // run
    return 3;                 // left
  }
  auto* entry = reinterpret_cast<int (*)()>(dlsym(plugin, "Entry"));  // run
  return entry() + Sign(5) == 0 ? 0 : 1;  // run
}                             // run
"""
PLUGIN = """#include "lib/sign.h"
extern "C" int Entry() {      // run
  return Sign(-1.5);          // run
}
"""
# Compiled, but part of no program that runs.
UNUSED = """#include "lib/sign.h"
int Unused() {                // left
  return Sign('x');           // left
}
"""
SOURCES = {"lib/sign.h": HEADER, "app/main.cc": PROGRAM, "app/plugin.cc": PLUGIN,
           "app/unused.cc": UNUSED}
# The working directory of a Bazel action, in any sandbox.
COMPILER_DIRECTORY = "/proc/self/cwd"


def document(*files):
    """Returns a JSON document of gcov. Each file is (path, [(line, count), ...])."""
    return {"format_version": "1", "current_working_directory": COMPILER_DIRECTORY,
            "files": [{"file": path,
                       "lines": [{"line_number": line, "count": count} for line, count in lines]}
                      for path, lines in files]}


def marked(text, mark):
    return {number for number, line in enumerate(text.splitlines(), 1) if line.endswith("// " + mark)}


class MergeTest(unittest.TestCase):

    def merged(self, *documents):
        lines = report.Lines()
        for one in documents:
            lines.add_document(one, lambda path: not path.startswith(("external/", "/usr/")))
        return {path: dict(counts) for path, counts in lines.files.items()}

    def test_a_line_of_a_header_counts_once_for_all_objects(self):
        self.assertEqual(
            self.merged(document(("a.h", [(3, 0), (4, 2)])), document(("a.h", [(3, 5), (9, 0)]))),
            {"a.h": {3: 5, 4: 2, 9: 0}})

    def test_a_line_runs_if_one_instance_of_its_template_runs(self):
        self.assertEqual(self.merged(document(("a.h", [(3, 0), (3, 7), (3, 0)]))), {"a.h": {3: 7}})

    def test_paths_are_relative_to_the_checkout(self):
        self.assertEqual(
            self.merged(document(("./a.h", [(1, 1)])),
                        document((COMPILER_DIRECTORY + "/a.h", [(1, 1)]))),
            {"a.h": {1: 2}})

    def test_external_files_and_files_without_code_are_left_out(self):
        self.assertEqual(self.merged(document(("external/x/a.h", [(1, 1)]), ("/usr/include/b", [(1, 1)]),
                                              ("c.h", []))), {})

    def test_counts_of_several_tests_add_up(self):
        one, two = report.Lines(), report.Lines()
        one.add_document(document(("a.cc", [(1, 1), (2, 0)])), lambda path: True)
        two.add_document(document(("a.cc", [(1, 0), (2, 3)]), ("b.cc", [(1, 0)])), lambda path: True)
        one.add(two)
        self.assertEqual({path: dict(counts) for path, counts in one.files.items()},
                         {"a.cc": {1: 1, 2: 3}, "b.cc": {1: 0}})

    def test_an_unknown_format_is_refused(self):
        with self.assertRaisesRegex(report.Error, "format"):
            report.Lines().add_document({"format_version": "99", "files": []}, lambda path: True)


class TableTest(unittest.TestCase):

    def setUp(self):
        self.lines = report.Lines()
        self.lines.add_document(
            document(("x/a.cc", [(1, 1), (2, 0)]), ("x/b.cc", [(1, 1)]), ("y/c.cc", [(n, 0) for n in range(7)])),
            lambda path: True)

    def test_by_folder(self):
        totals = report.by_folder(self.lines, self.lines.files)
        self.assertEqual({name: (t.run, t.lines) for name, t in totals.items()},
                         {"x": (2, 3), "y": (0, 7)})
        text = report.table("folder", sorted(totals.items()))
        self.assertRegex(text, r"(?m)^x +3 +2 +66\.7$")
        self.assertRegex(text, r"(?m)^y +7 +0 +0\.0$")
        self.assertRegex(text, r"(?m)^total +10 +2 +20\.0$")

    def test_the_worst_file_comes_first(self):
        self.assertEqual([path for path, _ in report.worst_first(self.lines, self.lines.files)],
                         ["y/c.cc", "x/a.cc", "x/b.cc"])

    def test_tracefile(self):
        self.assertEqual(report.tracefile(self.lines, ["x/a.cc"]),
                         "TN:\nSF:x/a.cc\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n")


class KnownProgramTest(unittest.TestCase):
    """As Bazel does it: compiles in a folder that is deleted afterwards, writes the counts to a
    second folder, and has the notes in a third."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.checkout = os.path.join(self.folder, "checkout")
        for path, text in SOURCES.items():
            self.write(os.path.join("checkout", path), text)
        self.bin = "bazel-out/bin"
        os.makedirs(os.path.join(self.checkout, self.bin))
        compile_options = ["--coverage", "-O0", "-fPIC", "-iquote", ".", "-fprofile-update=atomic"]
        for name in ("main", "plugin", "unused"):
            self.run_in_checkout("g++", *compile_options, "-c", f"app/{name}.cc",
                                 "-o", f"{self.bin}/{name}.pic.o")
        self.run_in_checkout("g++", "--coverage", f"{self.bin}/main.pic.o", "-o", "main", "-ldl")
        self.run_in_checkout("g++", "--coverage", "-shared", f"{self.bin}/plugin.pic.o", "-o", "plugin.so")

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_in_checkout(self, *command, **environment):
        subprocess.run(command, cwd=self.checkout, check=True, capture_output=True,
                       env={**os.environ, "PWD": COMPILER_DIRECTORY, **environment})

    def bundle(self, name):
        """Runs the program and packs its counts as Bazel's test wrapper does."""
        counts = os.path.join(self.folder, name)
        packed = os.path.join(self.folder, name + ".dat")
        self.run_in_checkout("./main", "./plugin.so", GCOV_PREFIX=counts, GCOV_PREFIX_STRIP="3")
        subprocess.run([scripts.runfile("tools/build/coverage_bundle.py"), "--coverage_dir=" + counts,
                        "--output_file=" + packed, "--filter_sources=/usr/.+"], check=True)
        return packed

    def arguments(self, results):
        events = [{"id": {"testResult": {"label": label}},
                   "testResult": {"status": status,
                                  "testActionOutput": [{"name": "test.lcov", "uri": "file://" + path}
                                                       for path in paths]}}
                  for label, status, paths in results]
        actions = [{"arguments": ["g++", option, "-c", f"app/{name}.cc",
                                  "-o", f"{self.bin}/{name}.pic.o"]}
                   for name, option in (("main", "--coverage"), ("plugin", "-ftest-coverage"),
                                        ("unused", "--coverage"), ("not_at_all", "-O2"))]
        return ["--root=" + self.checkout, "--execution-root=" + self.checkout,
                "--events=" + self.write("events", "\n".join(map(json.dumps, events))),
                "--actions=" + self.write("actions", json.dumps({"actions": actions})),
                "--test-labels=" + self.write("tests", "//app:plugin.cc\n//app:main.cc\n"),
                "--other-labels=" + self.write("other", "//app:main.cc\n//lib:sign.h\n")]

    def report(self, results, *options):
        """Runs coverage_report. Returns exit code, output and errors."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = report.main(self.arguments(results) + list(options))
        return code, out.getvalue(), err.getvalue()

    def test_every_line_is_reported_as_marked(self):
        known = {f"{self.bin}/{name}.pic" for name in ("main", "plugin", "unused")}
        lines = report.count_all(report.default_gcov(), {"//a": [self.bundle("one")], "//b": [self.bundle("two")]},
                                 known, self.checkout, lambda path: path in SOURCES)
        self.assertEqual(set(lines.files), set(SOURCES))
        for path, counts in lines.files.items():
            with self.subTest(path):
                self.assertEqual({n for n, count in counts.items() if count}, marked(SOURCES[path], "run"))
                self.assertEqual({n for n, count in counts.items() if not count},
                                 marked(SOURCES[path], "left"))
        # Two tests, each with one run in the program and one in its plugin.
        self.assertEqual(lines.files["lib/sign.h"][4], 4)

    def test_the_report(self):
        output = os.path.join(self.folder, "output")
        code, out, err = self.report([("//a", "PASSED", [self.bundle("one")])], "--files",
                                     "--output=" + output)
        self.assertEqual((code, err), (0, ""))
        own, apart = out.split("apart: files of tests")
        # main.cc belongs to a test and to another target, so it is not listed apart.
        self.assertRegex(own, r"(?m)^app +13 +8 +61\.5$")
        self.assertRegex(own, r"(?m)^lib +6 +4 +66\.7$")
        self.assertRegex(apart, r"(?m)^app +2 +2 +100\.0$")
        self.assertNotIn("/usr", out)
        self.assertIn("BPF programs", out)
        with open(os.path.join(output, "coverage.info"), encoding="utf-8") as file:
            self.assertIn("SF:lib/sign.h\nDA:3,2\n", file.read())

    def test_a_test_without_counts_is_an_error(self):
        code, _, err = self.report([("//a", "PASSED", [])])
        self.assertEqual(code, 1)
        self.assertIn("//a passed and left no counts", err)

    def test_counts_of_another_compilation_are_an_error(self):
        packed = self.bundle("one")
        self.write("checkout/app/plugin.cc", PLUGIN + "int Another() { return 0; }\n")
        self.run_in_checkout("g++", "--coverage", "-O0", "-fPIC", "-iquote", ".", "-c", "app/plugin.cc",
                             "-o", f"{self.bin}/plugin.pic.o")
        code, _, err = self.report([("//a", "PASSED", [packed])])
        self.assertEqual(code, 1)
        self.assertIn("stamp mismatch", err)

    def test_a_bundle_cannot_write_elsewhere(self):
        path = os.path.join(self.folder, "bad.dat")
        with tarfile.open(path, "w:gz") as bundle:
            bundle.add(self.write("x", "x"), "../../x.gcda")
        code, _, err = self.report([("//a", "PASSED", [path])])
        self.assertEqual(code, 1)
        self.assertIn("../../x.gcda", err)

    def test_counts_are_packed_once(self):
        # Tests outside a sandbox write their counts to the same folder each time.
        self.bundle("one")
        self.assertEqual([name for _, _, names in os.walk(os.path.join(self.folder, "one"))
                          for name in names], [])


if __name__ == "__main__":
    scripts.harness.main()
