#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/bazel with programs that print their version and arguments in place of Bazel."""

import os
import subprocess
import tempfile
import unittest

import scripts


class BazelTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.real = os.path.join(self.folder, "bazel")
        self.tool = os.path.join(self.folder, "weir/tools/bazel")
        os.makedirs(os.path.join(self.folder, "weir/tools/build"))
        os.makedirs(os.path.join(self.folder, "weir/third_party"))
        for path in ("tools/bazel", "tools/build/lib.sh"):
            os.symlink(scripts.runfile(path), os.path.join(self.folder, "weir", path))
        self.write("weir/third_party/archives.bzl", "")

    def write(self, path, text, mode=0o644):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def bazel(self, version, folder, prefix=()):
        """Runs tools/bazel in a folder. Returns the finished process and the rc file's lines."""
        # tools/bazel takes a file that begins with "#!" for a launcher. The shell runs this one itself.
        self.write("bazel", f'if [ "$1" = --version ]; then echo "{version}"; else printf "%s\\n" "$@"; fi\n', 0o755)
        done = subprocess.run(
            [*prefix, "bash", self.tool, "build", "//a"], cwd=os.path.join(self.folder, folder), text=True,
            capture_output=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": self.folder, "WEIR_BAZEL": self.real,
                 "WEIR_SOURCES": "upstream"})
        lines = []
        if done.returncode == 0:
            rc = done.stdout.splitlines()[0]
            self.assertTrue(rc.startswith("--bazelrc="), done.stdout)
            with open(rc.removeprefix("--bazelrc="), encoding="utf-8") as file:
                lines = file.read().splitlines()
        return done, lines

    def test_passes_arguments_on(self):
        self.write("work/WORKSPACE", "")
        done, lines = self.bazel("bazel no_version", "work")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines()[1:], ["build", "//a"])
        self.assertEqual(lines, [f'build --disk_cache="{self.folder}/.cache/weir/bazel-disk"'])

    def test_chooses_between_modules_and_workspace(self):
        self.write("both/WORKSPACE", "")
        self.write("both/MODULE.bazel", "")
        self.write("both/deep/er/BUILD.bazel", "")
        self.write("old/WORKSPACE", "")
        self.write("old/deep/BUILD.bazel", "")
        # A workspace inside of another one.
        self.write("both/inner/WORKSPACE", "")
        modules7 = "common --lockfile_mode=off --noenable_workspace"
        workspace = "common --noenable_bzlmod"
        for version, folder, expected in (
                ("bazel no_version", "both", None),
                ("bazel 4.2.3", "both", None),
                ("bazel 6.5.0", "both", workspace),
                ("bazel 7.7.1", "both", modules7),
                ("bazel 7.7.1", "both/deep/er", modules7),
                ("bazel 7.7.1", "both/inner", workspace),
                ("bazel 7.7.1", "old", workspace),
                ("bazel 7.7.1", "old/deep", workspace),
                ("bazel 8.0.0", "both", modules7),
                ("bazel 8.0.0", "old", workspace + " --enable_workspace"),
                ("bazel 9.0.0", "both", "common --lockfile_mode=off"),
        ):
            with self.subTest(version=version, folder=folder):
                done, lines = self.bazel(version, folder)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual([line for line in lines if line.startswith("common")],
                                 [expected] if expected else [])

    def test_says_that_loopback_is_down(self):
        self.write("work/WORKSPACE", "")
        unshare = ["unshare", "--user", "--map-root-user", "--net"]
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("SKIPPED: needs user namespaces")
        done, _ = self.bazel("bazel no_version", "work", unshare)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("the network interface lo is down", done.stderr)
        self.assertIn("ip link set lo up", done.stderr)


if __name__ == "__main__":
    scripts.harness.main()
