#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The installed tree is complete. Moved elsewhere, without the source tree and the output of the
build, it lists its plugins and reads a recording. A plugin compiles with its headers alone."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import harness

sys.path.insert(0, os.path.dirname(harness.runfile("tools/build/docs_check.py")))
import docs_check  # pylint: disable=wrong-import-position

PIPELINE = """source { name: "in" type: "record_file"
  config { path: "%s" } }
sink { name: "out" type: "stdout" input: "in" config { format: JSON } }
"""

SINK = """
#include "core/record/encoded_records.h"
#include "core/record/protobuf.h"
#include "plugins/sdk/plugin.h"

class Null : public weir::sdk::Sink {
 public:
  static weir::sdk::Result<std::unique_ptr<Null>> Create(const weir::sdk::NoConfig&,
                                                         weir::sdk::Stage stage) {
    return std::make_unique<Null>(stage);
  }
  explicit Null(weir::sdk::Stage stage) : stage_(std::move(stage)) {}
  weir::sdk::Status Process(const weir::BatchView& batch) override {
    for (uint32_t next = 0; next < batch.size();) {
      next = encoded_.Encode(batch, next, &encoder_);
      stage_.CountDelivered(encoded_.WholeRecords(encoded_.text().size()));
    }
    return weir::sdk::OkStatus();
  }

 private:
  weir::sdk::Stage stage_;
  weir::ProtobufEncoder encoder_;
  weir::EncodedRecords encoded_{4096};
};

WEIR_PLUGIN("null", "1", weir::sdk::Define<Null>("null", "Takes everything."));
"""


class InstallTest(harness.WeirTest):

    def setUp(self):
        super().setUp()
        self.prefix = os.path.join(self.folder, "elsewhere")
        shutil.copytree(harness.TREE, self.prefix)
        self.recording = shutil.copy(harness.runfile("tests/vectors/raw_records.bin"), self.folder)

    def test_needs_only_the_language_runtimes(self):
        allowed = {"linux-vdso.so.1", "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6",
                   "libpthread.so.0", "libdl.so.2", "librt.so.1"}
        # With a sanitizer, they need its runtime and no other.
        sanitizer = os.environ.get("WEIR_SANITIZER")
        plugins = os.path.join(self.prefix, "lib/weir/plugins")
        # Plugins in the folder `system` may need more.
        files = [os.path.join(plugins, name) for name in os.listdir(plugins) if name.endswith(".so")]
        self.assertGreaterEqual(len(files), 5)
        for path in files + [os.path.join(self.prefix, "bin/weir")]:
            dynamic = harness.run("readelf", "-d", path)
            needed = {line.partition("[")[2].rstrip("]") for line in dynamic.splitlines()
                      if "(NEEDED)" in line}
            runtimes = {name for name in needed if name.startswith(f"lib{sanitizer}.so.")}
            self.assertEqual(len(runtimes), 1 if sanitizer else 0, path)
            needed = {name for name in needed - runtimes if not name.startswith("ld-linux")}
            self.assertLessEqual(needed, allowed)
            self.assertNotIn("RPATH", dynamic)
            self.assertNotIn("RUNPATH", dynamic)

    def test_has_the_documentation(self):
        installed = docs_check.Checkout(self.prefix)
        self.assertGreater(len(installed.pages), 50)
        installed.check_links()
        self.assertEqual(installed.findings, [])
        # Links to other installed folders stay; a test is named without a link.
        name = "share/doc/weir/docs/README.md"
        links = {link for _, link, _ in installed.links(name)}
        self.assertIn("include/weir/plugins/abi/weir_plugin.h", links)
        self.assertIn("test (`tests/e2e/documents_test.py`)", installed.pages[name].replace("\n", " "))

    def test_has_the_schema_of_pipeline_files(self):
        if not shutil.which("protoc"):
            raise unittest.SkipTest("SKIPPED: needs protoc")
        root = pathlib.Path(self.prefix, "share/weir/proto")
        protos = {str(path.relative_to(root)) for path in root.rglob("*.proto")}
        self.assertLess({"core/config/pipeline.proto", "plugins/sdk/config_rules.proto", "sinks/grpc/grpc.proto",
                         "sources/grpc/grpc.proto", "transforms/filter/filter.proto", "pbflow.proto"}, protos)
        harness.run("protoc", "--proto_path=" + str(root), "--descriptor_set_out=" + os.path.join(self.folder, "set"),
                    *sorted(protos))
        # Every component has its message there.
        messages = "".join(pathlib.Path(root, name).read_text(encoding="utf-8") for name in protos)
        for line in harness.run(harness.WEIR, "plugins").splitlines()[::2]:
            described = harness.run(harness.WEIR, "describe", line.split()[1])
            names = re.findall(r"(?m)^weir\.\w+\.(\w+)$", described)
            self.assertNotEqual(names, [], line)
            for name in names:
                self.assertIn(f"message {name} {{", messages)

    def test_an_example_reads_the_capture_beside_it(self):
        weir = self.weir("run", "examples/pcap.textproto", program=os.path.join(self.prefix, "bin/weir"),
                         cwd=os.path.join(self.prefix, "share/weir"))
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(weir.balance()["console"]["emitted"], 10)

    def test_works_when_sources_and_build_are_gone(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("SKIPPED: needs root to hide the build in a mount namespace")
        # The build's folder, through all links, and the checkout, where they are not above
        # this test's own folder.
        built = os.path.realpath(harness.WEIR)
        hidden = built[:built.index("/bazel-out/")]
        inside = os.path.realpath(self.folder).startswith(hidden + "/")
        elsewhere = "/run/weir-install-test" if inside else self.prefix
        config = self.write("p.textproto", PIPELINE % "/dev/stdin")
        script = f"""set -e
          if [ {elsewhere} != {self.prefix} ]; then
            mkdir -p {elsewhere}; mount -t tmpfs none {elsewhere}; cp -r {self.prefix}/. {elsewhere}
          fi
          cp {config} {elsewhere}/p.textproto
          mount -t tmpfs none {hidden}
          test ! -e {built}
          cd /
          {elsewhere}/bin/weir plugins
          exec {elsewhere}/bin/weir run --config={elsewhere}/p.textproto
        """
        with open(self.recording, "rb") as recording:
            done = subprocess.run(["unshare", "-m", "sh", "-c", script], stdin=recording, text=True,
                                  env=self.small_environment(), capture_output=True,
                                  timeout=harness.DEADLINE_SECONDS, check=False)
        if elsewhere != self.prefix and os.path.isdir(elsewhere):
            os.rmdir(elsewhere)
        self.assertEqual(done.returncode, harness.EXIT_CLEAN, done.stderr)
        self.assertEqual(sum(line.startswith("{") for line in done.stdout.splitlines()), 200)

    @staticmethod
    def small_environment():
        """An environment without paths of the build, except where coverage data goes (else it goes
        to /) and the options of sanitizers."""
        kept = {name: value for name, value in os.environ.items()
                if name.startswith("GCOV_") or name.endswith("SAN_OPTIONS")}
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **kept}

    def test_a_plugin_compiles_from_the_installed_headers_alone(self):
        source = self.write("null.cc", SINK)
        plugin = os.path.join(self.prefix, "lib/weir/plugins/null.so")
        harness.run("g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                    "-I" + os.path.join(self.prefix, "include/weir"), source, "-o", plugin)
        config = self.write("p.textproto", PIPELINE % self.recording +
                            'sink { name: "null" type: "null" input: "in" }\n')
        weir = self.weir("run", "--config=" + config,
                         program=os.path.join(self.prefix, "bin/weir"))
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(weir.balance()["null"]["emitted"], 200)
        self.assert_balanced(weir)


if __name__ == "__main__":
    harness.main()
