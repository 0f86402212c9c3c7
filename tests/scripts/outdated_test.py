#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/outdated with indexes of source packages that are written here."""

import os
import subprocess
import tempfile
import unittest

import scripts

outdated = scripts.load("tools/build/outdated.py")
SUITES = ("bookworm", "trixie", "forky", "sid")
# Debian's versions of the packages in all suites, at the pins of archives.bzl.
PINNED = {
    entry["debian"]: outdated.pinned_version(entry).replace("-", "") + "-1"
    for entry in outdated.archives(scripts.runfile("third_party/archives.bzl")).values()
}


class OutdatedTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for suite in SUITES:
            self.write(suite, PINNED)

    def write(self, suite, packages):
        with open(os.path.join(self.folder, suite + ".Sources"), "w", encoding="utf-8") as file:
            for package, version in packages.items():
                file.write(f"Package: {package}\nFormat: 3.0 (quilt)\nVersion: {version}\n"
                           f"Package-List:\n lib{package}-dev deb libdevel optional\n\n")

    def run_it(self):
        return subprocess.run([scripts.runfile("tools/outdated"), f"--indexes={self.folder}"],
                              text=True, capture_output=True, check=False)

    def test_nothing_newer(self):
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split(), ["library", "pinned", *SUITES])
        self.assertEqual(len(lines), 1 + len(PINNED))
        zlib = next(line.split() for line in lines if line.startswith("zlib "))
        self.assertEqual(zlib, ["zlib"] + [PINNED["zlib"][:-2]] * 5)

    def test_a_newer_version_is_named(self):
        self.write("forky", PINNED | {"zlib": "1:99.2.dfsg-1", "libpcap": "1.9.1-4"})
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(done.stdout.splitlines()[-1], f"zlib: forky has 99.2, pinned is {PINNED['zlib'][:-2]}")
        self.assertEqual(done.stdout.count(" has "), 1)  # an older one is not reported

    def test_the_newest_of_a_suite_counts(self):
        with open(os.path.join(self.folder, "sid.Sources"), "a", encoding="utf-8") as file:
            file.write("Package: zlib\nVersion: 1:0.1-1\n\n")
        self.assertEqual(self.run_it().returncode, 0)

    def test_a_missing_package_is_a_dash(self):
        self.write("sid", {package: version for package, version in PINNED.items() if package != "zlib"})
        done = self.run_it()
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"(?m)^zlib .* -$")

    def test_an_unreadable_index_is_an_error(self):
        for make, sentence in ((lambda path: os.remove(path), "No such file or directory"),
                               (lambda path: open(path, "w", encoding="utf-8").close(),
                                "none of the pinned libraries is in it")):
            with self.subTest(sentence):
                make(os.path.join(self.folder, "trixie.Sources"))
                done = self.run_it()
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("tools/outdated: index of trixie: ", done.stderr)
                self.assertIn(sentence, done.stderr)
                self.write("trixie", PINNED)

    def test_an_unknown_argument(self):
        done = subprocess.run([scripts.runfile("tools/outdated"), "--newest"], text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown argument '--newest'; usage: ", done.stderr)

    def test_versions_of_debian(self):
        for debian, upstream in (("1.2.3-4", "1.2.3"), ("1:1.2.3-4+deb12u1", "1.2.3"),
                                 ("20220601+dfsg-1", "20220601"), ("1:1.3.dfsg+really1.3.1-1", "1.3.1"),
                                 ("1.5.7+dfsg-1", "1.5.7"), ("2.0~rc1-1", "2.0"), ("0.188", "0.188")):
            with self.subTest(debian):
                self.assertEqual(outdated.upstream_version(debian), upstream)

    def test_versions_in_order(self):
        for one, two in (("1.9.1", "1.10.3"), ("2022-06-01", "20240702"), ("0.188", "0.192"),
                         ("3.21.12", "4")):
            with self.subTest(one):
                self.assertLess(outdated.key(one), outdated.key(two))
        self.assertEqual(outdated.key("2022-06-01"), outdated.key("20220601"))


if __name__ == "__main__":
    scripts.harness.main()
