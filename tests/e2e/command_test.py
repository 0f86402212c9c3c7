#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of weir: help, versions, plugins, descriptions, usage errors and examples."""

import ast
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import harness
from recorded import NAMER, RECORDING, SINK


def pinned_versions():
    """The name and version of every archive in third_party/archives.bzl."""
    tree = ast.parse(pathlib.Path(harness.runfile("third_party/archives.bzl")).read_text())
    archives = next(ast.literal_eval(node.value) for node in tree.body
                    if isinstance(node, ast.Assign) and node.targets[0].id == "ARCHIVES")
    return {name: entry.get("version") or re.search(r"-([0-9.]+)$", entry["strip"][0])[1]
            for name, entry in archives.items()}


class ProgramTest(harness.WeirTest):

    def check(self, *arguments, code=harness.EXIT_CLEAN):
        weir = self.weir(*arguments)
        self.assertEqual(weir.wait(), code, weir.stderr())
        return weir

    def test_help_everywhere(self):
        for command in ((), ("run",), ("validate",), ("plugins",), ("describe",), ("fields",),
                        ("doctor",), ("fmt",), ("plugin-test",), ("version",)):
            text = self.check(*command, "--help").stdout()
            self.assertIn("Usage: weir " + (command[0] if command else "COMMAND"), text)
            self.assertEqual([line for line in text.splitlines() if len(line) > 90], [])
        self.assertIn("Usage: weir validate [FLAGS] FILE|--config=FILE\n", self.check("validate", "--help").stdout())

    def test_bad_usage(self):
        self.assertIn("which command?", self.check(code=2).stderr())
        self.assertIn("there is no command 'fly'", self.check("fly", code=2).stderr())
        self.assertIn("did you mean 'doctor'?", self.check("docter", code=2).stderr())
        self.assertIn("did you mean --drain_timeout?",
                      self.check("run", "--drain-timeout=1s", code=2).stderr())
        self.assertIn("no flag --fly", self.check("run", "--fly=1", code=2).stderr())
        self.assertIn("--log_level", self.check("plugins", "--log_level=loud", code=2).stderr())
        self.assertIn("--drain_timeout", self.check("run", "--drain_timeout=soon", code=2).stderr())
        self.assertIn("there is no type 'tsv'", self.check("describe", "tsv", code=2).stderr())
        self.assertIn("there is no type 'pcapp'; did you mean 'pcap'?\n",
                      self.check("describe", "pcapp", code=2).stderr())
        for meant, *words in (("--fail_on_loss", "run", "p", "--fail_on_los"), ("--check", "fmt", "f", "--chek"),
                              ("--verbose", "version", "--verbos"), ("--example", "describe", "file", "--exampl")):
            self.assertIn(f"has no flag {words[-1]}; did you mean {meant}?",
                          self.check(*words, code=2).stderr())

    def test_describe_shows_the_kind_that_is_asked_for(self):
        both = self.check("describe", "grpc", "--example").stdout()
        for kind, other in (("sink", "source"), ("source", "sink")):
            shown = self.check("describe", kind, "grpc", "--example").stdout()
            self.assertIn(shown, both)
            self.assertRegex(shown, rf"(?m)^{kind} \{{")
            self.assertNotRegex(shown, rf"(?m)^{other} \{{")
        for words, wanted in ((("source", "file"), "there is no source type 'file'; there is the sink 'file'"),
                              (("sink", "grcp"), "there is no sink type 'grcp'; did you mean 'grpc'?"),
                              (("transform", "x"), "there is no transform type 'x'; there are accounter, dedup, "),
                              (("output", "grpc"), "takes source, transform or sink in front of TYPE; found 'output'"),
                              (("a", "b", "c"), "'describe' takes one TYPE; 3 are given")):
            self.assertIn(wanted, self.check("describe", *words, code=2).stderr())

    def test_a_command_checks_also_the_flags_that_it_does_not_need(self):
        example = os.path.join(harness.EXAMPLES, "pcap.textproto")
        for command in ("run", "validate", "doctor"):
            self.assertIn("--drain_timeout: '5' is not a duration, such as 10s",
                          self.check(command, example, "--drain_timeout=5", code=2).stderr())

    def test_help_is_a_command_too(self):
        self.assertEqual(self.check("help").stdout(), self.check("--help").stdout())
        self.assertEqual(self.check("help", "run").stdout(), self.check("run", "--help").stdout())
        self.assertIn("there is no command 'rn'", self.check("help", "rn", code=2).stderr())

    def test_an_empty_name_of_a_file_does_not_mean_the_built_in_pipeline(self):
        for command in ("run", "validate", "doctor"):
            for word in ("", "--config="):
                with self.subTest(command=command, word=word):
                    weir = self.check(command, word, code=2)
                    self.assertIn("needs the name of a file", weir.stderr())
                    self.assertEqual(weir.stdout(), "")
        self.assertIn("--report needs the name of a file", self.check("run", "--report=", code=2).stderr())

    def test_output_that_is_lost_is_an_error(self):
        pipeline = "--config=" + self.write("p.textproto", RECORDING % self.write("x", "") + NAMER % "recording" + SINK)
        for arguments in (("version",), ("version", "--verbose"), ("plugins",), ("describe", "ebpf_map"),
                          ("fields",), ("fields", "--json"), ("validate", pipeline), ("doctor", pipeline), ("--help",), ("run", "--help")):
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                weir = self.weir(*arguments, stdout=full)
                self.assertEqual(weir.wait(), harness.EXIT_FAILED, weir.stderr())
                self.assertIn("weir: not all output could be written to standard output", weir.stderr())

    def test_fields_are_those_of_records(self):
        fields = json.loads(self.check("fields", "--json").stdout())["fields"]
        # Each key of a record that has all fields, in the same order.
        keys = [field["json"] for field in fields if "json" in field]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertEqual([field["csv"] for field in fields if "csv" in field], keys)
        lines = self.check("fields").stdout().splitlines()
        self.assertEqual(lines[0].split()[:3], ["NAME", "TYPE", "UNIT"])
        self.assertEqual([line.split()[0] for line in lines[1:lines.index("")]],
                         [field["name"] for field in fields])
        # JSON that a sink writes has no key that the table lacks.
        record = json.loads(pathlib.Path(harness.runfile("tests/vectors/records.jsonl")).read_text().splitlines()[0])
        self.assertEqual(list(record), keys[:len(record)])

    def test_a_field_is_found_by_all_its_names(self):
        self.assertEqual(self.check("fields", "VlanId").stdout(), self.check("fields", "vlan_id").stdout())
        both = self.check("fields", "port").stdout()
        self.assertIn("src_port: ", both)
        self.assertIn("\ndst_port: ", both)
        self.assertIn("syn 2, rst 4", self.check("fields", "tcp_flags").stdout())
        self.assertEqual([field["name"] for field in json.loads(self.check("fields", "--json", "addr").stdout())["fields"]],
                         ["src_addr", "dst_addr"])
        self.assertEqual(self.check("fields", "vlan_ids", code=2).stderr(),
                         "weir: there is no field 'vlan_ids'; did you mean 'vlan_id'?\n")
        self.assertIn("there is no field ''; there are etype, ", self.check("fields", "", code=2).stderr())
        self.assertIn("'fields' takes at most one FIELD; 2 are given", self.check("fields", "a", "b", code=2).stderr())

    def test_every_plugin_is_listed_and_described(self):
        listed = self.check("plugins").stdout()
        for kind, name, message in (("source", "ebpf_map", "weir.sources.EbpfMap"),
                                    ("source", "ebpf_ringbuf", "weir.sources.EbpfRingbuf"),
                                    ("source", "grpc", "weir.sources.Grpc"),
                                    ("source", "record_file", "weir.sources.RecordFile"),
                                    ("transform", "accounter", "weir.transforms.Accounter"),
                                    ("transform", "dedup", "weir.transforms.Dedup"),
                                    ("transform", "filter", "weir.transforms.Filter"),
                                    ("transform", "interface_namer", "weir.transforms.InterfaceNamer"),
                                    ("transform", "sample", "weir.transforms.Sample"),
                                    ("sink", "file", "weir.sinks.File"),
                                    ("sink", "grpc", "weir.sinks.Grpc"),
                                    ("sink", "stdout", "weir.sinks.Stdout")):
            self.assertRegex(listed, rf"(?m)^{kind}\s+{name}\s")
            self.assertIn(message, self.check("describe", name).stdout())
        described = self.check("describe", "ebpf_map").stdout()
        for field in ("interfaces", "exclude_interfaces", "direction", "sampling",
                      "cache_max_flows", "cache_active_timeout"):
            self.assertIn(field, described)

    def test_a_file_stands_for_config(self):
        example = os.path.join(harness.EXAMPLES, "pcap.textproto")
        # The example names a capture that does not exist, as the doctor says.
        for command, code in (("validate", harness.EXIT_CLEAN), ("doctor", harness.EXIT_UNSUPPORTED)):
            self.assertIn(example, self.check(command, example, code=code).stdout())
        self.assertIn("not both", self.check("run", example, "--config=" + example, code=2).stderr())
        self.assertIn("takes one FILE; 2 are given", self.check("run", example, "x", code=2).stderr())
        self.assertIn("takes no arguments", self.check("plugins", example, code=2).stderr())
        self.assertIn(f"did you mean `weir run {example}`?", self.check(example, code=2).stderr())

    def test_version(self):
        self.assertEqual(self.check("--version").stdout(), self.check("version").stdout())
        self.assertRegex(self.check("version").stdout(), r"^weir \d+\.\d+\.\d+ \(plugin interface 1\.")

    def test_version_tells_what_weir_was_built_with_and_from(self):
        self.assertIn("--verbose", self.check("version", "--help").stdout())
        first, build, linked, plugins = self.check("version", "--verbose").stdout().split("\n\n")
        self.assertEqual(first + "\n", self.check("version").stdout())
        self.assertRegex(build, r"(?m)^  configuration +(opt|dbg|fastbuild)\b")
        self.assertRegex(build, r"(?m)^  options +.*-O\d")
        self.assertRegex(build, r"(?m)^  C\+\+ compiler +(GCC \d+|.*[Cc]lang.* \d+)\.\d+")
        self.assertRegex(build, r"(?m)^  C library +glibc \d+\.\d+$")
        for tool in ("clang", "llvm-strip", "bpftool"):
            self.assertRegex(build, rf"(?m)^  {tool} +\d+\.\d+[0-9.]* \(BPF objects\)$")
        # No path: two builds of the same sources print the same.
        self.assertNotIn("/", build + linked)
        self.assertEqual(dict(line.split() for line in linked.splitlines()[1:]), pinned_versions())
        self.assertEqual(len(plugins.splitlines()) - 1, len(glob.glob(harness.PLUGINS + "/*.so")))
        for file in glob.glob(harness.PLUGINS + "/*.so"):
            # The plugins of weir have its version.
            self.assertRegex(plugins, rf"(?m)^  \w+ +{first.split()[1]} \(plugin interface 1\.\d+, "
                             rf"flow record 2\), .*/{os.path.basename(file)}$")

    def test_version_without_usable_plugins(self):
        plugins = os.path.join(self.folder, "plugins")
        said = self.check("version", "--verbose", "--plugin_path=" + plugins).stdout()
        self.assertIn(f"none: plugin folder '{plugins}': No such file", said)
        os.mkdir(plugins)
        shutil.copy(harness.runfile("tests/plugins/no_symbol.so"), plugins)
        said = self.check("version", "--verbose", "--plugin_path=" + plugins).stdout()
        self.assertIn("no_symbol.so': is not a weir plugin", said)

    def test_every_example_is_valid(self):
        examples = glob.glob(harness.EXAMPLES + "/*.textproto")
        self.assertGreaterEqual(len(examples), 2)
        if not harness.GRPC:
            print("SKIPPED: examples with gRPC: this weir was built without")
            examples = [path for path in examples
                        if 'type: "grpc"' not in pathlib.Path(path).read_text()]
        for example in examples:
            self.check("validate", "--config=" + example)

    def test_a_missing_privilege_is_one_sentence_and_exit_code_3(self):
        if os.geteuid() != 0:
            command = []
        elif shutil.which("setpriv"):
            # Root without capabilities can still read the files of root.
            command = ["setpriv", "--no-new-privs",
                       "--inh-caps=-all", "--bounding-set=-all"]
        else:
            raise unittest.SkipTest("SKIPPED: needs setpriv to give up root")
        done = subprocess.run(command + [harness.WEIR, "run"], text=True, capture_output=True,
                              timeout=harness.DEADLINE_SECONDS, check=False)
        self.assertEqual(done.returncode, harness.EXIT_UNSUPPORTED, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("weir: ")]
        self.assertEqual(len(said), 2, done.stderr)
        self.assertIn("CAP_BPF", said[0])
        self.assertIn("flows of a capture need neither privileges nor eBPF", said[1])
        example = said[1].partition(" weir run ")[2]
        self.check("validate", "--config=" + example)


if __name__ == "__main__":
    harness.main()
