#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks of tools/lint for includes, BUILD files and language: each test plants one kind of
mistake, and the check finds it and nothing else."""

import unittest
import xml.etree.ElementTree

import scripts

build_files_check = scripts.load("tools/build/build_files_check.py")
include_check = scripts.load("tools/build/include_check.py")
language_check = scripts.load("tools/build/language_check.py")

ARCHITECTURE = """
| folder | what | may include |
|---|---|---|
| `bpf/` | programs | itself |
| `core/record/` | model | `bpf/flow.h` |
| `core/telemetry/` | counters | nothing of weir |
| `plugins/sdk/` | headers | `core/record`, `plugins/abi` |
| `sources/`, `sinks/` | components | `plugins/sdk`, `core/record`, `core/config/rules.proto` |
| `sources/in/` | a component with folders | `bpf/packet.h` |
| `sources/in/kernel/` | | |
| `sources/in/tables/` | | `plugins/sdk`, `sources/in/kernel`, `sources/in/in.proto` |
| `tools/`, `tests/` | the rest | anything; nothing includes them |
"""

FILES = {
    "core/record/text.h": "#include <string>\ninline std::string Text(int number);\n",
    "core/telemetry/metrics.h": "class Metric {};\n",
    "core/telemetry/metrics.cc": '#include "core/telemetry/metrics.h"\nMetric m;\n',
    "plugins/sdk/sink.h": '#include "core/record/text.h"\nclass Sink { Text text; };\n',
    "sinks/out/out.h": '#include <vector>\n\n#include "plugins/sdk/sink.h"\n'
                       "class Out : Sink { std::vector<int> v; };\n",
    "sinks/out/out.cc": '#include "sinks/out/out.h"\n\n#include <utility>\n\n'
                        '#include "absl/strings/str_cat.h"\n#include "sinks/out/out.pb.h"\n'
                        "std::vector<int> a; // std::map\nint b = std::move(Out{}) + absl::StrCat(OutConfig());\n",
    "sinks/out/out_test.cc": '#include "gtest/gtest.h"\n#include "sinks/out/out.h"\n'
                             '#include "tests/vectors/vectors.h"\nOut o; Vectors v;\n',
    "tests/vectors/vectors.h": "class Vectors {};\n",
}

RULES = """<query>
<rule class="cc_library" name="//core/record:record"><list name="hdrs"><label value="//core/record:text.h"/></list></rule>
<rule class="cc_library" name="//core/telemetry:metrics">
  <list name="srcs"><label value="//core/telemetry:metrics.cc"/></list>
  <list name="hdrs"><label value="//core/telemetry:metrics.h"/></list></rule>
<rule class="cc_library" name="//plugins/sdk:sdk"><list name="hdrs"><label value="//plugins/sdk:sink.h"/></list>
  <list name="deps"><label value="//core/record:record"/></list></rule>
<rule class="_weir_proto" name="//sinks/out:p_generated"><list name="srcs"><label value="//sinks/out:out.proto"/></list></rule>
<rule class="filegroup" name="//sinks/out:p_hdrs"><list name="srcs"><label value="//sinks/out:p_generated"/></list></rule>
<rule class="cc_library" name="//sinks/out:p_proto_cc"><list name="hdrs"><label value="//sinks/out:p_hdrs"/></list></rule>
<rule class="_weir_cc_proto" name="//sinks/out:p_proto"><label name="cc" value="//sinks/out:p_proto_cc"/></rule>
<rule class="cc_library" name="//sinks/out:out">
  <list name="srcs"><label value="//sinks/out:out.cc"/></list>
  <list name="hdrs"><label value="//sinks/out:out.h"/></list>
  <list name="deps"><label value="//sinks/out:p_proto"/><label value="//plugins/sdk:sdk"/>
    <label value="@com_google_absl//absl/strings:strings"/></list></rule>
<rule class="cc_test" name="//sinks/out:out_test">
  <list name="srcs"><label value="//sinks/out:out_test.cc"/></list>
  <list name="deps"><label value="//sinks/out:out"/><label value="//tests/vectors:vectors"/>
    <label value="@com_google_googletest//:gtest_main"/></list></rule>
<rule class="cc_library" name="//tests/vectors:vectors">
  <boolean name="testonly" value="true"/>
  <list name="hdrs"><label value="//tests/vectors:vectors.h"/></list></rule>
</query>
"""


class IncludeTest(unittest.TestCase):

    def check(self, rules=RULES):
        return include_check.check(sorted(FILES), xml.etree.ElementTree.fromstring(rules),
                                   ARCHITECTURE, FILES.get)

    def changed(self, path, old, new, rules=RULES):
        self.assertIn(old, FILES[path])
        files = {**FILES, path: FILES[path].replace(old, new)}
        return include_check.check(sorted(files), xml.etree.ElementTree.fromstring(rules),
                                   ARCHITECTURE, files.get)

    def without(self, rule, label):
        """Returns RULES without one label of a rule."""
        root = xml.etree.ElementTree.fromstring(RULES)
        for one in root.iter("rule"):
            if one.get("name") == rule:
                for each in one.iter("list"):
                    for item in list(each):
                        if item.get("value") == label:
                            each.remove(item)
                            return xml.etree.ElementTree.tostring(root, encoding="unicode")
        raise AssertionError(f"{rule} has no {label}")

    def test_forbidden_headers(self):
        found = self.changed("sinks/out/out.h", "#include <vector>", "#include <regex>  // keep: reason\n#include <vector>")
        self.assertEqual(1, len(found), found)
        self.assertRegex(found[0], r"^sinks/out/out.h:1: includes <regex>: .*core/regex/regex.h$")

    def test_good_files(self):
        self.assertEqual(self.check(), [])

    def test_a_header_included_twice(self):
        self.assertEqual(self.changed("core/record/text.h", "#include <string>\n", "#include <string>\n" * 2),
                         ["core/record/text.h:2: includes string twice"])

    def test_an_unused_header_of_weir(self):
        self.assertEqual(self.changed("sinks/out/out.h", " : Sink", ""),
                         ["sinks/out/out.h:3: nothing of plugins/sdk/sink.h is used"])

    def test_an_unused_header_with_a_reason_to_keep_it(self):
        self.assertEqual(self.changed("core/record/text.h", "<string>\n", "<string>\n#include <map>  // keep: for all\n"),
                         [])

    def test_names_in_comments_and_strings_are_no_use(self):
        self.assertEqual(self.changed("sinks/out/out.h", " : Sink", ' /* Sink */ { const char* a = "Sink"; } // Sink\nint b'),
                         ["sinks/out/out.h:3: nothing of plugins/sdk/sink.h is used"])

    def test_an_unused_standard_header(self):
        self.assertEqual(self.changed("core/record/text.h", "<string>\n", "<string>\n#include <map>\n"),
                         ["core/record/text.h:2: nothing of <map> is used"])

    def test_a_missing_standard_header(self):
        self.assertEqual(self.changed("sinks/out/out.h", "#include <vector>\n", ""),
                         ["sinks/out/out.cc:1: uses std::vector and does not include <vector>",
                          "sinks/out/out.h:1: uses std::vector and does not include <vector>"])

    def test_names_of_a_header_are_those_at_namespace_level(self):
        names = include_check.declared(include_check.strip("""
            #define MAX(a) \\
              inside_macro(a)
            namespace x::y { extern "C" {
            enum Plain { kOne, kTwo = 2 };
            enum class Scoped : int { kMember };
            struct Thing { int member; void Method() { local(); } } instance;
            template <typename T> inline T Call(T argument) { return other(argument); }
            using Short = Thing;
            typedef unsigned long counter_t;
            constexpr int kTable[] = {1, 2};
            } }  // namespace x::y
            """))
        self.assertLessEqual({"MAX", "Plain", "kOne", "kTwo", "Scoped", "Thing", "Call", "Short", "counter_t",
                              "kTable", "instance"}, names)
        self.assertFalse({"kMember", "member", "Method", "local", "other", "inside_macro", "x", "y"} & names)

    def test_plain_names_are_a_use_too(self):
        for header, use in (("unistd.h", "int f() { return close(3); }"), ("cstdint", "uint8_t a;"),
                            ("cerrno", "int e = EAGAIN;"), ("type_traits", "bool b = std::is_same_v<int, int>;")):
            with self.subTest(header):
                line = f"#include <{header}>\n"
                self.assertEqual(self.changed("core/record/text.h", "#include", line + "#include"),
                                 [f"core/record/text.h:1: nothing of <{header}> is used"])
                self.assertEqual(self.changed("core/record/text.h", "#include <string>\n",
                                              line + "#include <string>\n" + use), [])

    def test_placement_new_is_a_use_of_its_header(self):
        self.assertEqual(self.changed("core/record/text.h", "inline", "#include <new>\nint* a = new (nullptr) int;\ninline"),
                         [])

    def test_a_component_may_include_only_what_the_table_allows(self):
        found = self.changed("sinks/out/out.h", "#include <vector>\n",
                             '#include <vector>\n#include "core/telemetry/metrics.h"\nMetric m;\n')
        self.assertEqual(found[0], "sinks/out/out.h:2: //sinks/out:out includes core/telemetry/metrics.h "
                                   "and has no dependency of its own that gives it")
        self.assertEqual(found[1:], ["sinks/out/out.h:2: includes core/telemetry/metrics.h, which "
                                     "docs/explanation/architecture.md does not let sinks/out include"])

    def test_only_tests_may_include_tests(self):
        found = self.changed("core/telemetry/metrics.h", "class", '#include "tests/vectors/vectors.h"\nVectors v; class')
        self.assertIn("core/telemetry/metrics.h:1: includes tests/vectors/vectors.h, which "
                      "docs/explanation/architecture.md does not let core/telemetry include", found)

    def test_one_component_does_not_include_another(self):
        layers = include_check.Layers(ARCHITECTURE)
        self.assertFalse(layers.permits("sinks/out/out.h", "sinks/other/other.h", False))
        self.assertFalse(layers.permits("sinks/out/out_test.cc", "sinks/other/other.h", True))
        self.assertTrue(layers.permits("sinks/out/out.h", "core/config/rules.pb.h", False))
        self.assertFalse(layers.permits("sinks/out/out.h", "core/config/loader.h", False))
        self.assertTrue(layers.permits("tools/weir/main.cc", "core/telemetry/metrics.h", False))
        self.assertFalse(layers.permits("elsewhere/a.cc", "core/record/text.h", False))

    def test_folders_of_a_component_include_in_one_direction(self):
        layers = include_check.Layers(ARCHITECTURE)
        for path, included, of_test, allowed in (
                ("sources/in/tables/a.cc", "sources/in/tables/b.h", False, True),
                ("sources/in/tables/a.cc", "sources/in/kernel/b.h", False, True),
                ("sources/in/tables/a.cc", "sources/in/in.pb.h", False, True),
                ("sources/in/tables/a.cc", "plugins/sdk/stage.h", False, True),
                ("sources/in/source.cc", "sources/in/tables/b.h", False, True),
                ("sources/in/source.cc", "bpf/packet.h", False, True),
                ("sources/in/kernel/a.cc", "sources/in/tables/b.h", False, False),
                ("sources/in/kernel/a_test.cc", "sources/in/tables/b.h", True, False),
                ("sources/in/tables/a.cc", "sources/in/source.h", False, False),
                ("sources/in/tables/a.cc", "bpf/packet.h", False, False),
                ("sources/in/kernel/a.cc", "plugins/sdk/stage.h", False, False),
                ("sources/in/kernel/a_test.cc", "sources/in/testing/fake.h", True, True),
                ("sources/in/kernel/a.cc", "sources/in/testing/fake.h", False, False),
                # A folder without a row may include only itself.
                ("sources/in/other/a.cc", "sources/in/kernel/b.h", False, False),
                ("sources/in/kernel/a.cc", "sources/in/other/b.h", False, False)):
            with self.subTest(f"{path} includes {included}"):
                self.assertEqual(layers.permits(path, included, of_test), allowed)

    def test_folders_that_may_include_each_other_are_an_error(self):
        with self.assertRaisesRegex(ValueError, "sources/in/kernel -> sources/in/tables -> sources/in/kernel"):
            include_check.Layers(ARCHITECTURE.replace("| `sources/in/kernel/` | | |",
                                                      "| `sources/in/kernel/` | | `sources/in/tables` |"))

    def test_a_table_that_cannot_be_read_is_an_error(self):
        with self.assertRaises(ValueError):
            include_check.Layers("| no | table |\n")

    def test_a_header_without_a_direct_dependency(self):
        for rule, label, finding in (
                ("//sinks/out:out", "//plugins/sdk:sdk",
                 "sinks/out/out.h:3: //sinks/out:out includes plugins/sdk/sink.h and has no dependency "
                 "of its own that gives it"),
                ("//sinks/out:out", "@com_google_absl//absl/strings:strings",
                 "sinks/out/out.cc:5: //sinks/out:out includes absl/strings/str_cat.h and has no dependency "
                 "of its own that gives it"),
                ("//sinks/out:out", "//sinks/out:p_proto",
                 "sinks/out/out.cc:6: //sinks/out:out includes sinks/out/out.pb.h and has no dependency "
                 "of its own that gives it"),
                ("//sinks/out:out_test", "@com_google_googletest//:gtest_main",
                 "sinks/out/out_test.cc:1: //sinks/out:out_test includes gtest/gtest.h and has no dependency "
                 "of its own that gives it")):
            with self.subTest(label):
                self.assertEqual(self.check(self.without(rule, label)), [finding])

    def test_an_unused_dependency(self):
        rules = RULES.replace('<label value="//plugins/sdk:sdk"/>',
                              '<label value="//plugins/sdk:sdk"/><label value="//core/record:record"/>')
        self.assertEqual(self.check(rules), ["sinks/out/BUILD.bazel:1: //sinks/out:out includes nothing of "
                                             "its dependency //core/record:record"])


BUILD = """# SPDX-License-Identifier: Apache-2.0
load("//x:y.bzl", "one", renamed = "two")

package(default_visibility = ["//visibility:private"])

one(
    name = "a",
    srcs = ["a.cc", "b.cc"],
    deps = [":c", ":d", "//b", "//b:a", "//c", "@z"] + select({"//x": ["//a"]}),
)

renamed(name = "b", srcs = glob(["*"]))
"""


class BuildFileTest(unittest.TestCase):

    def check(self, text, name="x/BUILD.bazel"):
        return list(build_files_check.check(name, text))

    def changed(self, old, new):
        self.assertIn(old, BUILD)
        return self.check(BUILD.replace(old, new))

    def test_a_good_file(self):
        self.assertEqual(self.check(BUILD), [])

    def test_mistakes(self):
        for old, new, line, sentence in (
                ("# SPDX-License-Identifier: Apache-2.0", "#", 1, "the first line does not name the licence"),
                ('one(\n', 'one((\n', None, None),
                ('"//x:y.bzl", ', '"//x:y.bzl", "three", ', 2, "three is loaded and not used"),
                ("renamed(", "one(", 2, "renamed is loaded and not used"),
                ('"a.cc", "b.cc"', '"b.cc", "a.cc"', 8, "srcs is not sorted: a.cc after b.cc"),
                ('"a.cc", "b.cc"', '"a.cc", "a.cc"', 8, "srcs names a.cc twice"),
                ("visibility:private", "visibility:public", 4, "everything in this package is public by default"),
        ):
            with self.subTest(new):
                found = self.changed(old, new)
                self.assertEqual(len(found), 1, found)
                if sentence:
                    self.assertEqual(found, [(line, sentence)])
                else:
                    self.assertIn("does not parse", found[0][1])

    def test_a_rule_that_bazel_9_does_not_have(self):
        cc = "@rules_cc//cc:defs.bzl"
        for name, instead in (("cc_library", cc), ("cc_test", cc),
                              ("sh_test", "@rules_shell//shell:sh_test.bzl"), ("py_binary", "its repository")):
            with self.subTest(name):
                self.assertEqual(self.check(BUILD + f'\n{name}(name = "c")\n'), [
                    (14, f"Bazel 9 has no native rule or provider {name}: load {name} from {instead}")])
                loaded = BUILD.replace("load(", f'load("@z//:z.bzl", "{name}")\nload(')
                self.assertEqual(self.check(loaded + f'\n{name}(name = "c")\n'), [])
        bzl = '# SPDX-License-Identifier: Apache-2.0\n"""What."""\n\ndef a(name):\n    %s\n'
        self.assertEqual(self.check(bzl % 'native.cc_library(name = name)', "x/a.bzl"), [
            (5, f"Bazel 9 has no native rule or provider native.cc_library: load cc_library from {cc}")])
        self.assertEqual(self.check(bzl % 'return CcInfo()', "x/a.bzl"), [
            (5, f"Bazel 9 has no native rule or provider CcInfo: load CcInfo from {cc}")])
        self.assertEqual(self.check(bzl % 'native.filegroup(name = name)', "x/a.bzl"), [])

    def test_labels_are_sorted_by_kind(self):
        text = BUILD.replace(" + select({\"//x\": [\"//a\"]})", "")
        self.assertEqual(self.check(text), [])
        self.assertEqual(self.check(text.replace('":c", ":d", "//b"', '":c", "//b", ":d"')),
                         [(9, "deps is not sorted: :d after //b")])

    def test_a_load_below_other_statements(self):
        self.assertEqual(self.check(BUILD + 'load("//x:z.bzl", "three")\n\nthree(name = "c")\n'),
                         [(13, "load() below other statements")])
        self.assertEqual(self.check(BUILD + 'load("//x:z.bzl", "three")\n\nthree(name = "c")\n', "WORKSPACE"), [])

    def test_a_bzl_file_says_what_it_is_for(self):
        text = "# SPDX-License-Identifier: Apache-2.0\n%s\nA = 1\n"
        self.assertEqual(self.check(text % '"""What."""', "x/a.bzl"), [])
        self.assertEqual(self.check(text % "", "x/a.bzl"), [(1, "does not say what it is for")])


LANGUAGE = """# comment
[phrases]
\\bhe\\b => code is "it"
[names]
OldName => NewName
"""
LONG = " ".join(["word"] * (language_check.MAX_WORDS + 1)) + "."


class LanguageTest(unittest.TestCase):

    def check(self, path, text):
        """Returns (line, beginning of the finding) of each finding."""
        rules = language_check.Rules(LANGUAGE)
        return [(line, finding.partition(":")[0].partition(" words,")[0])
                for line, finding in language_check.check(path, text, rules)]

    def test_a_long_sentence_in_every_kind_of_file(self):
        finding = f"a sentence of {language_check.MAX_WORDS + 1}"
        for path, text in (("a.cc", f"// {LONG}\n"), ("a.h", f"/* {LONG} */"),
                           ("a.proto", f"int a;  // {LONG}\n"), ("a.py", f"# {LONG}\n"),
                           ("a.bzl", f'"""{LONG}"""\n'), ("BUILD.bazel", f"a = 1  # {LONG}\n"),
                           ("a.textproto", f"# {LONG}\n"), ("a.md", f"{LONG}\n"),
                           ("a.md", f"- {LONG}\n")):
            with self.subTest(path=path, text=text[:10]):
                self.assertEqual(self.check(path, text), [(1, finding)])
        for interpreter in ("bash", "python3"):
            text = f"#!/usr/bin/env {interpreter}\n# {LONG}\n"
            self.assertEqual(self.check("script", text), [(2, finding)])

    def test_a_sentence_may_span_lines_but_not_paragraphs(self):
        words = language_check.MAX_WORDS // 2 + 1
        half = " ".join(["word"] * words)
        for path, text in (("a.cc", f"// {half}\n// {half}\n"), ("a.h", f"/* {half}\n * {half} */"),
                           ("a.py", f'"""{half}\n{half}"""\n'), ("a.md", f"{half}\n{half}\n")):
            with self.subTest(path=path):
                self.assertEqual(self.check(path, text), [(1, f"a sentence of {2 * words}")])
        for path, text in (("a.cc", f"// {half}\n//\n// {half}\n"), ("a.cc", f"// {half}\n\n// {half}\n"),
                           ("a.cc", f"int a;  // {half}\nint b;  // {half}\n"),
                           ("a.py", f"# {half}.\n# {half}\n"), ("a.sh", f"# - {half}\n# - {half}\n"),
                           ("a.md", f"{half}\n\n{half}\n"), ("a.md", f"- {half}\n- {half}\n")):
            with self.subTest(path=path, text=text[-20:]):
                self.assertEqual(self.check(path, text), [])

    def test_text_that_is_not_prose_is_not_checked(self):
        for path, text in (("a.cc", f'const char* a = "// he {LONG}";\nint he = 1\'000;  // fine\n'),
                           ("a.cc", f"//     {LONG}\n"), ("a.cc", f'R"(// {LONG})";'),
                           ("a.py", f'a = "# he {LONG}"\n'), ("a.py", f'def a():\n  b("""{LONG}""")\n'),
                           ("a.sh", f"#!/bin/sh\necho '{LONG}'  he\n"), ("a.txt", f"he {LONG}"),
                           ("a.md", f"# {LONG}\n\n| {LONG} |\n\n```\n{LONG} he\n```\n`he`\n"),
                           ("a.sh", f"# name    {LONG}\n")):
            with self.subTest(path=path, text=text[:20]):
                self.assertEqual(self.check(path, text), [])

    def test_a_phrase_is_found_on_the_line_of_its_paragraph(self):
        self.assertEqual(self.check("a.cc", "int a;\n// Fine.\n// So he\n// says.\n"), [(2, "'he'")])
        self.assertEqual(self.check("a.py", 'def a():\n    """Returns what he has."""\n'), [(2, "'he'")])
        self.assertEqual(self.check("a.cc", '// The (`he`) and "he" then there.\n'), [])

    def test_a_retired_name_is_found_in_code_only(self):
        finding = "the name 'OldName' is retired"
        self.assertEqual(self.check("a.cc", "\nint OldName;  // OldName\n"), [(2, finding)])
        self.assertEqual(self.check("a.py", "# OldName\na.OldName('OldName')\n"), [(2, finding)])
        self.assertEqual(self.check("a.md", "OldName\n\n```\nOldName\n```\n"), [(4, finding)])
        self.assertEqual(self.check("a.md", "Call `OldName()`.\n"), [(1, finding)])
        self.assertEqual(self.check("a.cc", "int OldNames, MyOldName;\n"), [])

    def test_bad_rules_are_an_error(self):
        for text in ("Old => New\n", "[names]\nOld\n"):
            with self.assertRaisesRegex(ValueError, "language.txt:"):
                language_check.Rules(text)

    def test_the_rules_of_the_project_have_both_sections(self):
        with open(language_check.RULES, encoding="utf-8") as file:
            rules = language_check.Rules(file.read())
        self.assertTrue(rules.phrases)
        self.assertTrue(rules.names)


if __name__ == "__main__":
    scripts.harness.main()
