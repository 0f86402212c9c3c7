#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Third-party plugins are built from an installed weir alone: those of examples/third_party, by make
and CMake, and those of the guides, by every command of docs/guides/writing-a-*.md. Each passes
`weir plugin-test`."""

import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import unittest

import harness

NEEDED = {"make": "make", "cmake": "cmake", "pkg-config": "pkg-config", "gcc": "gcc", "g++": "g++",
          "protoc": "protobuf-compiler", "sqlite3": "sqlite3"}
GTEST = "/usr/include/gtest/gtest.h"


class ThirdPartyTest(harness.WeirTest):

    def setUp(self):
        super().setUp()
        for program, package in NEEDED.items():
            if not shutil.which(program):
                raise unittest.SkipTest(f"SKIPPED: needs {program} (Debian's package {package})")
        if not os.path.exists(GTEST):
            raise unittest.SkipTest("SKIPPED: needs GoogleTest (Debian's package libgtest-dev)")
        # Installed like tools/install does, and then moved.
        first = os.path.join(self.folder, "installed")
        harness.run(harness.runfile("tools/build/install_tree"), harness.TREE, first, first)
        self.prefix = os.path.join(self.folder, "moved")
        os.rename(first, self.prefix)
        self.program = os.path.join(self.prefix, "bin/weir")
        self.plugins = os.path.join(self.prefix, "lib/weir/plugins")
        self.capture = os.path.join(self.prefix, "share/weir/examples/sample.pcap")
        # The environment does not name the build or the sources.
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "LC_ALL": "C.UTF-8",
                            "CAPTURE": self.capture,
                            "PKG_CONFIG_PATH": os.path.join(self.prefix, "share/pkgconfig")}

        self.empty = os.path.join(self.folder, "empty")
        os.mkdir(self.empty)

    def example(self, name):
        """Copies an installed example and returns the folder of the copy."""
        return shutil.copytree(os.path.join(self.prefix, "share/weir/examples/third_party", name),
                               os.path.join(self.folder, name))

    def call(self, *command, cwd, exit_code=harness.EXIT_CLEAN, **variables):
        done = subprocess.run(command, cwd=cwd, env={**self.environment, **variables}, text=True,
                              capture_output=True, timeout=2 * harness.DEADLINE_SECONDS, check=False)
        self.assertEqual(done.returncode, exit_code, f"{command}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def flows(self):
        """The flows of the capture, from the sink stdout: (protocol, source address and port,
        destination address and port, packets, bytes)."""
        pipeline = self.write("flows.textproto", f"""
          source {{ name: "in" type: "pcap" config {{ [weir/weir.sources.Pcap] {{ path: "{self.capture}" }} }} }}
          transform {{ name: "account" type: "accounter" input: "in"
            config {{ [weir/weir.transforms.Accounter] {{ max_entries: 100000 evict_timeout: "24h" }} }} }}
          sink {{ name: "out" type: "stdout" input: "account" config {{ [weir/weir.sinks.Stdout] {{ format: JSON }} }} }}
        """)
        weir = self.weir("run", "--config=" + pipeline, program=self.program)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        found = sorted((r["Proto"], r["SrcAddr"], r["SrcPort"], r["DstAddr"], r["DstPort"],
                        r["Packets"], r["Bytes"]) for r in weir.records())
        self.assertGreaterEqual(len(found), 10)
        return found

    def test_each_example_has_a_test(self):
        examples = os.listdir(os.path.join(self.prefix, "share/weir/examples/third_party"))
        self.assertEqual(sorted(examples), ["c_sink", "sqlite_sink"])

    def test_in_c_by_make(self):
        folder = self.example("c_sink")
        self.call("make", cwd=folder, CFLAGS="-O2 -Wall -Wextra -Werror")
        plugin = os.path.join(folder, "weir_sink_flow_list.so")
        report = self.call(self.program, "plugin-test", plugin, cwd=folder, FLOW_LIST="tried.txt")
        self.assertIn(", 0 FAILED, ", report)
        log = self.call(self.program, "run", "--config=pipeline.textproto",
                        f"--plugin_path={self.plugins}:{folder}", cwd=folder, FLOW_LIST="flows.txt")
        self.assertIn("records: TCP 4, UDP 2, others 4", log)
        self.assertNotIn("the balance does not hold", log)
        lines = pathlib.Path(folder, "flows.txt").read_text().splitlines()
        self.assertEqual(sorted(lines), sorted(
            f"{proto} {src}:{sport} {dst}:{dport} {packets} {size}"
            for proto, src, sport, dst, dport, packets, size in self.flows()))
        # Without the variable, and with a file that cannot be written.
        missing = self.call(self.program, "plugin-test", plugin, cwd=folder,
                            exit_code=harness.EXIT_BAD_USAGE)
        self.assertIn("skipped: the environment has no FLOW_LIST", missing)
        failed = self.call(self.program, "run", "--config=pipeline.textproto",
                           f"--plugin_path={self.plugins}:{folder}", cwd=folder,
                           exit_code=harness.EXIT_FAILED, FLOW_LIST="/dev/full")
        self.assertIn("sink 'list': write to '/dev/full': No space left on device", failed)

    def test_in_cpp_by_cmake(self):
        folder = self.example("sqlite_sink")
        self.call("cmake", "-B", "build", "-DCMAKE_PREFIX_PATH=" + self.prefix,
                  "-DCMAKE_CXX_FLAGS=-Werror", cwd=folder)
        self.call("cmake", "--build", "build", cwd=folder)
        plugin = os.path.join(folder, "build/weir_sink_sqlite.so")
        shown = harness.run("nm", "-D", "--defined-only", plugin).split()
        self.assertEqual(shown[-1:] + shown[:-3], ["weir_plugin_main"])
        self.assertNotIn("protobuf", harness.run("readelf", "-d", plugin))
        report = self.call(self.program, "plugin-test", '--config_text=path: "tried.db"',
                           plugin, cwd=folder)
        self.assertIn(", 0 FAILED, ", report)
        described = self.call(self.program, "describe", "--plugin_path=build", "sqlite", cwd=folder)
        self.assertIn("The time to wait, in milliseconds, while another program has locked", described)
        self.check_mistakes(folder)

        run = [self.program, "run", "--config=pipeline.textproto",
               f"--plugin_path={self.plugins}:{os.path.dirname(plugin)}"]
        log = self.call(*run, cwd=folder)
        self.assertNotIn("the balance does not hold", log)
        database = sqlite3.connect(os.path.join(folder, "flows.db"))
        self.addCleanup(database.close)
        rows = database.execute("SELECT protocol, src_addr, src_port, dst_addr, dst_port, packets, bytes"
                                " FROM flows").fetchall()
        self.assertEqual(sorted(rows), self.flows())
        self.check_errors(folder, run, database)

    def check_mistakes(self, folder):
        pipeline = pathlib.Path(folder, "pipeline.textproto").read_text()
        own = 'path: "${DATABASE:-flows.db}"'
        for wrong, place, sentence in (
                ('pth: "a"', "16:66", "has no field 'pth'; did you mean 'path'"),
                ("busy_timeout_ms: 5", r"16:\d+", "path is required"),
                ('path: "a" busy_timeout_ms: 600001', "16:76", "busy_timeout_ms"),
                ('path: "a" synchronous: NEVER', r"16:\d+", "NEVER")):
            path = pathlib.Path(folder, "mistake.textproto")
            path.write_text(pipeline.replace(own, wrong))
            said = self.call(self.program, "validate", "--config=mistake.textproto",
                             f"--plugin_path={self.plugins}:build", cwd=folder,
                             exit_code=harness.EXIT_BAD_USAGE)
            self.assertRegex(said, rf"(?m)^(weir: )?mistake\.textproto:{place}: sink 'database': .*{sentence}")

    def check_errors(self, folder, run, database):
        # Another program has locked the database.
        pathlib.Path(folder, "locked.textproto").write_text(
            pathlib.Path(folder, "pipeline.textproto").read_text().replace(
                # The long form of the same configuration.
                'config { path: "${DATABASE:-flows.db}" }',
                'config { [weir/flowdb.Sqlite] { busy_timeout_ms: 0 path: "${DATABASE:-flows.db}" } }'))
        database.isolation_level = None
        database.execute("BEGIN IMMEDIATE")
        log = self.call(run[0], run[1], "--config=locked.textproto", run[3], cwd=folder,
                        exit_code=harness.EXIT_FAILED)
        self.assertIn("sink 'database': write to 'flows.db': database is locked", log)
        self.assertNotIn("the balance does not hold", log)
        database.execute("ROLLBACK")
        # The database cannot be opened.
        log = self.call(*run, cwd=folder, exit_code=harness.EXIT_FAILED, DATABASE="/dev/null/flows.db")
        self.assertIn("sink 'database': open '/dev/null/flows.db': unable to open database file", log)

    def guide(self, kind):
        """Runs all commands of a guide in an empty folder and compiles its snippets; returns the
        output."""
        text = pathlib.Path(harness.runfile(f"docs/guides/writing-a-{kind}.md")).read_text()
        self.compile_snippets(re.findall(r"```cpp\n(.*?)```", text, re.DOTALL))
        self.assertEqual(set(re.findall(r"^```(\w+)$", text, re.MULTILINE)) - {"sh", "cpp"}, set())
        script = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
        self.assertEqual(script.count("export PREFIX=/usr/local\n"), 1)
        script = script.replace("export PREFIX=/usr/local\n", f"export PREFIX={self.prefix}\n")
        script = script.replace("/tmp/tried.db", os.path.join(self.folder, "tried.db"))
        return self.call("bash", "-euc", script, cwd=self.empty, CXXFLAGS="-Wall -Wextra -Werror")

    def compile_snippets(self, snippets):
        for snippet in snippets:
            source = self.write("snippet.cc", f"""#include "plugins/sdk/component.h"
              void Snippet(const weir::sdk::Stage& stage_) {{ {snippet} }}""")
            harness.run("g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                        "-I" + os.path.join(self.prefix, "include/weir"), source)

    def test_the_guide_to_a_sink(self):
        said = self.guide("sink")
        ports = pathlib.Path(self.empty, "ports/ports.txt").read_text().split("\n")
        self.assertEqual(sorted(ports[:-1]), sorted(
            f"{sport} {dport} {size}" for _, _, sport, _, dport, _, size in self.flows()))
        self.assertRegex(said, r"mistake\.textproto:16:66: sink 'database': .*pth")
        self.assertIn("Writes records to a SQLite database.", said)
        self.assertRegex(said, r"(?m)^192\.0\.2\.10\|\d+\|\d+$")
        self.assertNotIn("the balance does not hold", said)

    def test_the_guide_to_a_source(self):
        said = self.guide("source")
        self.assertIn("[  PASSED  ] 2 tests.", said)
        self.assertRegex(said, r"(?m)^\d+ ok, 0 FAILED, 0 skipped$")
        self.assertIn('"SrcAddr":"192.0.2.1","DstAddr":"198.51.100.1"', said)
        self.assertRegex(said, r"(?m)^source 'in' +1 +1 ")
        self.assertNotIn("the balance does not hold", said)

    def test_the_guide_to_a_transform(self):
        said = self.guide("transform")
        self.assertIn("[  PASSED  ] 4 tests.", said)
        for component in ("large", "anonymize", "delay"):
            self.assertIn(f"transform '{component}'", said)
        self.assertRegex(said, r"(?m)^\d+ ok, 0 FAILED, ")
        large = [flow for flow in self.flows() if flow[-1] >= 1000]
        self.assertEqual(said.count('"SrcAddr":'), len(large))
        self.assertNotIn("the balance does not hold", said)


if __name__ == "__main__":
    harness.main()
