#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/lint --tidy checks the right files again after a change, with the right options."""

import fnmatch
import unittest

import scripts

tidy = scripts.load("tools/build/tidy")

FILES = {
    "bpf/flow.h": "",
    "bpf/parse.h": '#include "bpf/flow.h"\n',
    "bpf/flows.bpf.c": '#include "bpf/parse.h"\n',
    "core/a.h": '#include "core/only.h"\n#include "bpf/flow.h"\n',
    "core/a.cc": '#include "core/a.h"\n#include "core/p.pb.h"\n',
    "core/only.h": "",
    "core/other.cc": '#include <vector>\n#include "bpf/flows.skel.h"\n',
    "core/p.proto": 'import "core/q.proto";\n',
    "core/q.proto": "",
    "examples/own/WORKSPACE": "",
    "examples/own/plugin.h": "",
    "examples/own/plugin_main.cc": "",
    "third_party/x.h": "",
}


class TidyTest(unittest.TestCase):

    def setUp(self):
        self.files = dict(FILES)
        for name, stand_in in (("read", lambda path: self.files[path]),
                               ("files", lambda *patterns: sorted(
                                   path for path in self.files
                                   if any(fnmatch.fnmatch(path, pattern) for pattern in patterns)))):
            self.addCleanup(setattr, tidy, name, getattr(tidy, name))
            setattr(tidy, name, stand_in)

    def stamps(self):
        graph = tidy.Graph()
        return {path: tidy.stamp(graph, b"", path, model) for path, model in tidy.jobs(graph)}

    def checked_after(self, path, text="changed\n"):
        before = self.stamps()
        self.files[path] += text
        after = self.stamps()
        return {path for path in after if after[path] != before.get(path)}

    def test_checks_sources_and_headers_that_no_source_includes_first(self):
        # Leaves out files in a workspace of its own, core/a.h, which core/a.cc includes first,
        # and bpf/parse.h, which belongs to BPF programs.
        self.assertEqual(set(self.stamps()), {"bpf/flow.h", "core/a.cc", "core/only.h", "core/other.cc"})

    def test_a_change_is_checked_in_all_files_that_include_it(self):
        self.assertEqual(self.checked_after("core/other.cc"), {"core/other.cc"})
        self.assertEqual(self.checked_after("core/a.h"), {"core/a.cc"})
        self.assertEqual(self.checked_after("core/only.h"), {"core/a.cc", "core/only.h"})

    def test_a_change_in_the_source_of_a_generated_header_is_checked(self):
        self.assertIn("core/a.cc", self.checked_after("core/q.proto"))
        self.assertIn("core/other.cc", self.checked_after("bpf/parse.h"))

    def test_a_new_version_of_the_tool_checks_again(self):
        graph = tidy.Graph()
        self.assertNotEqual(tidy.stamp(graph, b"clang-tidy 14", "core/a.cc", "core/a.cc"),
                            tidy.stamp(graph, b"clang-tidy 15", "core/a.cc", "core/a.cc"))

    def test_a_header_that_nothing_includes_is_an_error(self):
        self.files["core/forgotten.h"] = ""
        with self.assertRaisesRegex(tidy.Error, "core/forgotten.h: no source file includes it"):
            self.stamps()

    def test_a_header_is_parsed_as_a_source_that_includes_it(self):
        options = {"core/a.cc": tidy.parsing_options(
            ["gcc", "-Wall", "-MD", "-MF", "a.d", "-iquote", ".", "-c", "core/a.cc", "-o", "a.o"])}
        command = tidy.command_for("core/only.h", "core/a.cc", options)
        self.assertEqual(command[1:4], ["-Wall", "-iquote", "."])
        self.assertEqual(command[-1], "core/only.h")
        self.assertTrue({"-fsyntax-only", "c++"} <= set(command))
        self.assertFalse({"-c", "-o", "a.o", "-MF", "a.d", "core/a.cc"} & set(command))


if __name__ == "__main__":
    scripts.harness.main()
