#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/e2e/README.md has one complete row for each test of its folder."""

import glob
import os
import re
import unittest

import scripts

FOLDER = scripts.runfile("tests/e2e")
ROW = re.compile(r"\| `(\w+)` \| (.*) \| (.*) \| (.*) \|")


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


class ReadmeTest(unittest.TestCase):

    def setUp(self):
        self.rows = [ROW.fullmatch(line) for line in read("README.md").splitlines()
                     if line.startswith("| `")]

    def test_every_test_has_one_row_in_alphabetical_order(self):
        tests = sorted(os.path.basename(path).removesuffix(".py")
                       for path in glob.glob(os.path.join(FOLDER, "*_test.py")))
        self.assertGreater(len(tests), 20, "the tests are not in the runfiles of this test")
        self.assertEqual([row and row[1] for row in self.rows], tests)

    def test_every_row_is_complete(self):
        for row in self.rows:
            with self.subTest(row[1]):
                self.assertTrue(row[2].endswith("."), "the law is not a sentence")
                self.assertTrue(row[3].strip(), "the needs are missing; say 'nothing'")
                self.assertTrue(row[4].strip(), "the independence is missing")

    def test_rows_agree_with_the_tests(self):
        for row in self.rows:
            text = read(row[1] + ".py")
            with self.subTest(row[1]):
                if re.search(r"\bNamespaceTest\b|why_no_namespaces", text):
                    self.assertIn("root", row[3])
                    self.assertIn("eBPF", row[3])
                self.assertEqual("harness.main(alone=True)" in text, "`alone=True`" in row[4])


if __name__ == "__main__":
    scripts.harness.main()
