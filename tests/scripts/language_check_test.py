#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tools/build/language_check.py finds in files of each kind."""

import os
import tempfile
import unittest

import scripts

language_check = scripts.load("tools/build/language_check.py")

LONG = "word " * (language_check.MAX_WORDS + 1)
RULES = language_check.Rules("""
[phrases]
\\b(he|his)\\b => code is "it"
[names]
OldName => NewName
""")


class LanguageCheckTest(unittest.TestCase):

    def found(self, path, text):
        return list(language_check.check(path, text, RULES))

    def assert_lines(self, path, text, *lines):
        self.assertEqual([line for line, _ in self.found(path, text)], list(lines))

    def test_each_kind_of_file(self):
        for path, text in (("a.cc", "int a;\n// It has\n// his own.\n"),
                           ("a.proto", "int a;\n/* It has\n * his own. */\n"),
                           ("a.py", '"""Text."""\n# It has\n# his own.\n'),
                           ("BUILD.bazel", "a = 1\n# It has\n# his own.\n"),
                           ("a.sh", "a=1\n# It has\n# his own.\n"),
                           ("a.textproto", "a: 1\n# It has\n# his own.\n"),
                           ("a.md", "# A heading\nIt has\nhis own.\n")):
            with self.subTest(path):
                self.assert_lines(path, text, 2)

    def test_a_docstring_is_prose_and_other_strings_are_not(self):
        self.assert_lines("a.py", 'def f():\n    """It has his own."""\n    return "he has his own"\n', 2)
        self.assert_lines("a.cc", 'f("he has // his own");\n')

    def test_long_sentences(self):
        self.assert_lines("a.md", LONG.strip() + ".\n", 1)
        self.assert_lines("a.md", "A list:\n- " + LONG[:100] + "\n- " + LONG[:100] + "\n")
        self.assert_lines("a.cc", "// " + LONG + "\n", 1)

    def test_what_is_not_prose(self):
        for text in ("| he | his |\n", "```text\nhe has his own\n```\n",
                     "`he` and \"his\"\n", "# Of his own\n"):
            with self.subTest(text):
                self.assert_lines("a.md", text)

    def test_retired_names(self):
        self.assertEqual(self.found("a.h", "int x;\nvoid OldName();\n"),
                         [(2, "the name 'OldName' is retired: use NewName")])
        self.assert_lines("a.py", "OldName()\n", 1)
        self.assert_lines("a.md", "The function `OldName` and OldName.\n", 1)
        self.assert_lines("a.h", 'int OldNames; f("OldName");  // OldName\n')

    def test_rules_without_advice_are_an_error(self):
        with self.assertRaisesRegex(ValueError, "language.txt:2: "):
            language_check.Rules("[names]\nOldName\n")

    def test_its_own_rules_are_read_and_a_finding_is_a_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.md")
            for text, code in (("Whoever reads it.\n", 1), ("`Settle` waits.\n", 1), ("It waits.\n", 0)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                self.assertEqual(language_check.main([path]), code, text)


if __name__ == "__main__":
    scripts.harness.main()
