#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/new-component in a copy of the checkout: what it makes of each kind compiles, passes its own
test and `weir plugin-test`, and runs in a pipeline. And what it refuses. tools/ci builds the same
with Bazel (tools/build/new_component_check)."""

import os
import pathlib
import shutil
import subprocess
import unittest

import harness

KINDS = ("sink", "source", "transform")
NAME = "try_me"
NEEDED = {"g++": "g++", "protoc": "protobuf-compiler"}
NEEDED_HEADERS = {"/usr/include/gtest/gtest.h": "libgtest-dev",
                  "/usr/include/google/protobuf/message_lite.h": "libprotobuf-dev"}
INCLUDE = os.path.join(harness.TREE, "include/weir")
# What the copy has of the checkout, beside tools/new-component and its templates.
COPIED = (".clang-format", "core/record", "plugins/sdk", "plugins/shipped.bzl", "tools/build/lib.sh",
          "tools/new-component", "tools/new_component")


class NewComponentTest(harness.WeirTest):

    def setUp(self):
        super().setUp()
        self.top = os.path.join(self.folder, "checkout")
        for path in COPIED:
            to = os.path.join(self.top, path)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            copy = shutil.copytree if os.path.isdir(harness.runfile(path)) else shutil.copy
            copy(harness.runfile(path), to)
        for kind in KINDS:
            os.makedirs(os.path.join(self.top, kind + "s"))
        self.write("checkout/sources/ebpf/plugin.cc",
                   '            (weir::sdk::Define<A, B>(\n                "ebpf_map", "Counts.")),\n')

    def write(self, name, text):
        path = pathlib.Path(self.folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def new_component(self, *arguments):
        return subprocess.run([os.path.join(self.top, "tools/new-component"), *arguments], text=True,
                              capture_output=True, timeout=harness.DEADLINE_SECONDS, check=False)

    def files(self):
        return {str(path.relative_to(self.top)): path.read_bytes()
                for path in pathlib.Path(self.top).rglob("*") if path.is_file()}

    def compile(self, *arguments):
        harness.run("g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden",
                    f"-I{self.folder}/generated", f"-I{self.top}", f"-isystem{INCLUDE}", *arguments,
                    errors="replace")

    def generate(self, folder):
        """The message, and its descriptors as weir_proto_library embeds them."""
        generated = os.path.join(self.folder, "generated")
        os.makedirs(generated, exist_ok=True)
        proto = f"{folder}/{NAME}.proto"
        harness.run("protoc", f"-I{self.top}", f"-I{INCLUDE}", "--cpp_out=" + generated, proto,
                    "plugins/sdk/config_rules.proto", "--include_imports", "--include_source_info",
                    f"--descriptor_set_out={self.folder}/descriptors.bin", cwd=self.top)
        symbol = f"k{folder.split('/')[0].capitalize()}TryMeTryMeDescriptors"
        data = pathlib.Path(self.folder, "descriptors.bin").read_bytes()
        self.write(f"generated/{folder}/{NAME}.descriptors.h", f"""#include <cstddef>
            namespace weir {{
            inline constexpr unsigned char {symbol}[] = {{{",".join(map(str, data))}}};
            inline constexpr std::size_t {symbol}Size = sizeof({symbol});
            }}""")
        return [f"{generated}/{folder}/{NAME}.pb.cc", f"{generated}/plugins/sdk/config_rules.pb.cc"]

    def check(self, kind):
        """Compiles what was made of one kind, and tries it."""
        folder = f"{kind}s/{NAME}"
        sources = [f"{self.top}/{folder}/{NAME}.cc", *self.generate(folder)]
        objects = []
        for source in sources:
            objects.append(os.path.join(self.folder, kind + os.path.basename(source) + ".o"))
            self.compile("-c", "-o", objects[-1], source)
        test = os.path.join(self.folder, kind + "_test")
        self.compile("-o", test, f"{self.top}/{folder}/{NAME}_test.cc", *objects,
                     os.path.join(harness.TREE, "lib/weir/sdk/fake_host.cc"),
                     "-lgtest_main", "-lgtest", "-lprotobuf", "-lpthread")
        self.assertIn("[  PASSED  ]", harness.run(test))

        plugin = os.path.join(self.folder, kind, f"weir_{kind}_{NAME}.so")
        os.makedirs(os.path.dirname(plugin))
        self.compile("-shared", "-o", plugin, f"{self.top}/{folder}/plugin.cc", *objects, "-lprotobuf")
        report = harness.run(harness.WEIR, "plugin-test", plugin)
        self.assertIn(", 0 FAILED, ", report)
        path = f"--plugin_path={harness.PLUGINS}:{os.path.dirname(plugin)}"
        self.assertRegex(harness.run(harness.WEIR, "plugins", path), rf"(?m)^{kind} +{NAME} ")
        self.assertIn(f"weir.{kind}s.TryMe", harness.run(harness.WEIR, "describe", NAME, path))
        return path

    def test_what_it_makes_compiles_and_runs(self):
        for program, package in NEEDED.items():
            if not shutil.which(program):
                raise unittest.SkipTest(f"SKIPPED: needs {program} (Debian's package {package})")
        for header, package in NEEDED_HEADERS.items():
            if not os.path.exists(header):
                raise unittest.SkipTest(f"SKIPPED: needs {header} (Debian's package {package})")
        pipelines = {
            "source": f"""source {{ name: "in" type: "{NAME}" config {{ [weir/weir.sources.TryMe] {{
                            interval: "1ms" limit: 3 }} }} }}
                          sink {{ name: "out" type: "stdout" input: "in" }}""",
            "transform": f"""source {{ name: "in" type: "pcap" config {{ [weir/weir.sources.Pcap] {{
                               path: "{harness.EXAMPLES}/sample.pcap" }} }} }}
                             transform {{ name: "some" type: "{NAME}" input: "in" config {{
                               [weir/weir.transforms.TryMe] {{ min_bytes: 100 }} }} }}
                             sink {{ name: "out" type: "stdout" input: "some" }}""",
            "sink": f"""source {{ name: "in" type: "pcap" config {{ [weir/weir.sources.Pcap] {{
                          path: "{harness.EXAMPLES}/sample.pcap" }} }} }}
                        sink {{ name: "out" type: "{NAME}" input: "in" config {{
                          [weir/weir.sinks.TryMe] {{ path: "{self.folder}/out.jsonl" }} }} }}"""}
        for kind in KINDS:
            with self.subTest(kind):
                made = self.new_component(kind, NAME)
                self.assertEqual(made.returncode, 0, made.stderr)
                path = self.check(kind)
                weir = self.weir("run", path, "--config=" + self.write(kind + ".textproto", pipelines[kind]))
                self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
                self.assert_balanced(weir)
                self.assertGreater(weir.balance()["out"]["emitted"], 0)
        self.assertEqual(len(pathlib.Path(self.folder, "out.jsonl").read_text().splitlines()), 40)

    def test_adds_a_folder_and_one_line(self):
        before = self.files()
        self.assertEqual(self.new_component("sink", NAME).returncode, 0)
        after = self.files()
        self.assertEqual({path for path in after if path not in before},
                         {f"sinks/{NAME}/{file}" for file in (
                             "BUILD.bazel", "README.md", "plugin.cc", f"{NAME}.cc", f"{NAME}.h",
                             f"{NAME}.proto", f"{NAME}_test.cc")})
        self.assertEqual([path for path in before if before[path] != after[path]], ["plugins/shipped.bzl"])
        lines = after["plugins/shipped.bzl"].decode().splitlines()
        added = [line for line in lines if line not in before["plugins/shipped.bzl"].decode().splitlines()]
        self.assertEqual(added, [f'    "//sinks/{NAME}:weir_sink_{NAME}",'])
        plugins = [line for line in lines if line.startswith('    "//')]
        self.assertEqual(plugins, sorted(plugins))

    def test_refuses_what_it_cannot_make_and_changes_nothing(self):
        before = self.files()
        for arguments, sentence in (
                ((), "takes a kind and a name, 0 arguments are given"),
                (("sink",), "takes a kind and a name, 1 arguments are given"),
                (("sinks", "a"), "kind 'sinks': must be source, transform or sink"),
                (("sink", "Syslog"), "name 'Syslog': must be snake_case"),
                (("sink", "a__b"), "name 'a__b': must be snake_case"),
                (("sink", "a_"), "name 'a_': must be snake_case"),
                (("sink", "../a"), "name '../a': must be snake_case"),
                (("sink", "a" * 41), "must have at most 40 characters"),
                (("sink", "plugin"), "name 'plugin': the folder has a file plugin.cc already"),
                (("transform", "record"), "name 'record': the SDK has a type Record"),
                (("source", "ebpf"), "name 'ebpf': sources/ebpf exists"),
                (("source", "ebpf_map"), "name 'ebpf_map': a source of this type exists"),
                (("--force", "sink", "a"), "unknown option '--force'")):
            done = self.new_component(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("new-component: " + sentence if "at most" not in sentence else sentence, done.stderr)
            self.assertIn("usage: tools/new-component", done.stderr)
        self.assertEqual(self.files(), before)
        # The type of a source may be that of a sink.
        self.assertEqual(self.new_component("sink", "ebpf_map").returncode, 0)

    def test_help(self):
        done = self.new_component("--help")
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.startswith("tools/new-component KIND NAME: makes a component"))
        self.assertIn("Exit code: 0 made", done.stdout)


if __name__ == "__main__":
    harness.main()
