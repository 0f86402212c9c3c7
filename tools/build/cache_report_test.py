#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of cache_report.py on planted execution logs."""

import contextlib
import io
import json
import os
import tempfile
import unittest

import cache_report


def action(mnemonic, **fields):
    return dict({"mnemonic": mnemonic, "listedOutputs": ["bazel-out/" + mnemonic]}, **fields)


class CacheReportTest(unittest.TestCase):

    def report(self, *log):
        """(exit code, what is said) for a log as Bazel writes it."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log")
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(json.dumps(entry, indent=2) for entry in log) + "\n")
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = cache_report.main(path)
        return code, said.getvalue()

    def test_hits_as_every_bazel_writes_them(self):
        code, said = self.report(action("CppCompile", remoteCacheHit=True, runner="remote cache hit"),
                                 action("CppCompile", cacheHit=True, runner="disk cache hit"),
                                 action("WeirTree", runner="disk cache hit"))
        self.assertEqual(code, 0, said)
        self.assertIn("3 actions from the cache (2 CppCompile, 1 WeirTree), 0 run", said)

    def test_what_was_run_is_named(self):
        code, said = self.report(action("CppCompile", remoteCacheHit=True),
                                 action("CppLink", remoteCacheHit=False, runner="linux-sandbox"),
                                 action("Genrule", targetLabel="//a:b", runner="local"))
        self.assertEqual(code, 1)
        self.assertIn("not from the cache: CppLink bazel-out/CppLink (linux-sandbox)", said)
        self.assertIn("not from the cache: Genrule //a:b (local)", said)
        self.assertIn("2 run", said)

    def test_an_empty_log_is_no_success(self):
        code, said = self.report()
        self.assertEqual(code, 1)
        self.assertIn("nothing was checked", said)


if __name__ == "__main__":
    unittest.main()
