#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian package of the installed tree: it has the right contents, is byte for byte
reproducible and passes lintian. In a throw-away copy of this machine it installs, works, and
leaves nothing behind after its removal."""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

import harness

sys.path.insert(0, os.path.dirname(harness.runfile("tools/build/docs_check.py")))
import docs_check  # pylint: disable=wrong-import-position

MAKE_DEB = harness.runfile("tools/build/make_deb")
TRIAL = harness.runfile("tools/build/package_trial")
RECORDING = harness.runfile("tests/vectors/raw_records.bin")
EPOCH = "1767225600"  # 2026-01-01


def make_deb(folder, tree=harness.TREE, prefix=(), script=MAKE_DEB, **environment):
    """Runs make_deb. Returns the process; the last line of its output is the package's path."""
    environment = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": EPOCH, **environment}
    return subprocess.run([*prefix, script, tree, folder], text=True, capture_output=True,
                          env={name: value for name, value in environment.items() if value},
                          timeout=harness.DEADLINE_SECONDS, check=False)


def copy_readable(folder):
    """Copies the tree and the scripts to where every user can read them. Returns the paths
    (tree, make_deb)."""
    os.chmod(folder, 0o755)
    tree = shutil.copytree(harness.TREE, os.path.join(folder, "tree"))
    root = harness.runfile("tools")
    for part in ("build", "debian"):
        shutil.copytree(os.path.join(root, part), os.path.join(folder, "tools", part))
    return tree, os.path.join(folder, "tools/build/make_deb")


class PackageTest(harness.WeirTest):

    @classmethod
    def setUpClass(cls):
        sanitizer = os.environ.get("WEIR_SANITIZER")
        if sanitizer:
            # An installed package would need the runtime library of the sanitizer.
            raise unittest.SkipTest(f"SKIPPED: a build with {sanitizer} is never packaged")
        for program in ("dpkg-deb", "dpkg-shlibdeps"):
            if not shutil.which(program):
                raise unittest.SkipTest(f"SKIPPED: needs {program} (Debian's package dpkg-dev)")
        cls.made = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        cls.addClassCleanup(shutil.rmtree, cls.made)
        done = make_deb(cls.made)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.deb = done.stdout.splitlines()[-1]

    def setUp(self):
        super().setUp()
        self.root = os.path.join(self.folder, "root")
        harness.run("dpkg-deb", "--extract", self.deb, self.root)
        self.control = os.path.join(self.folder, "control")
        harness.run("dpkg-deb", "--control", self.deb, self.control)

    def field(self, name):
        return harness.run("dpkg-deb", "--field", self.deb, name).strip()

    def files(self):
        return {str(path.relative_to(self.root)) for path in pathlib.Path(self.root).rglob("*")
                if not path.is_dir()}

    def test_it_has_the_files_of_the_tree_and_little_else(self):
        wanted = {"etc/weir/weir.textproto", "usr/share/doc/weir/changelog.Debian.gz",
                  "usr/share/lintian/overrides/weir"}
        for path in pathlib.Path(harness.TREE).rglob("*"):
            name = str(path.relative_to(harness.TREE))
            if path.is_dir() or name.startswith("share/doc/weir/licenses/") or name.endswith("/CHANGELOG.md"):
                continue
            if name.startswith("share/man/"):
                name += ".gz"
            wanted.add(name if name.startswith("lib/systemd/") else "usr/" + name)
        self.assertEqual(self.files(), wanted)

    def test_no_link_of_its_pages_is_dead(self):
        installed = docs_check.Checkout(os.path.join(self.root, "usr"))
        self.assertGreater(len(installed.pages), 50)
        installed.check_links()
        self.assertEqual(installed.findings, [])

    def test_modes_and_owners(self):
        listed = harness.run("dpkg-deb", "--contents", self.deb).splitlines()
        self.assertGreater(len(listed), 60)
        for line in listed:
            mode, owner = line.split()[:2]
            path = line.split()[5]
            self.assertEqual(owner, "root/root", line)
            wanted = "drwxr-xr-x" if path.endswith("/") else (
                "-rwxr-xr-x" if path.startswith("./usr/bin/") else "-rw-r--r--")
            self.assertEqual(mode, wanted, line)
            self.assertIn(" 2026-01-01 00:00 ", line)
        for script in ("postinst", "prerm", "postrm"):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.control, script)).st_mode), 0o755)

    def test_control(self):
        version = harness.run(harness.WEIR, "version").split()[1]
        self.assertRegex(self.field("Version"), rf"^{re.escape(version)}-\d+$")
        self.assertEqual(self.field("Architecture"), harness.run("dpkg", "--print-architecture").strip())
        depends = {part.split()[0] for part in self.field("Depends").split(", ")}
        self.assertEqual(depends, {"adduser", "libc6", "libgcc-s1", "libstdc++6"})
        size = sum(os.path.getsize(os.path.join(self.root, name)) for name in self.files()) / 1024
        self.assertLess(abs(int(self.field("Installed-Size")) - size), 200)
        conffiles = pathlib.Path(self.control, "conffiles").read_text(encoding="utf-8").split()
        self.assertEqual(conffiles, ["/etc/weir/weir.textproto"])

    def test_checksums(self):
        sums = os.path.join(self.control, "md5sums")
        harness.run("md5sum", "--check", "--strict", "--quiet", sums, cwd=self.root)
        listed = {line.split("  ", 1)[1] for line in
                  pathlib.Path(sums).read_text(encoding="utf-8").splitlines()}
        self.assertEqual(listed, self.files() - {"etc/weir/weir.textproto"})

    def test_the_service_s_pipeline_is_valid(self):
        weir = self.weir("validate", "--config=" + os.path.join(self.root, "etc/weir/weir.textproto"))
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        unit = pathlib.Path(self.root, "lib/systemd/system/weir.service").read_text(encoding="utf-8")
        self.assertIn("ExecStart=/usr/bin/weir run --config=/etc/weir/weir.textproto\n", unit)
        self.assertNotIn("@", unit.replace("@system-service", "").replace("@privileged", "")
                         .replace("puts the prefix in for ", ""))

    def test_it_has_the_licences_of_linked_libraries(self):
        text = pathlib.Path(self.root, "usr/share/doc/weir/copyright").read_text(encoding="utf-8")
        for words in ("Abseil 20220623.1", "Protocol Buffers 3.21.12", "gflags 2.2.2", "glog 0.6.0",
                      "libbpf 1.5.0", "libelf of elfutils 0.192", "zlib 1.3.1",
                      "libpcap 1.10.5", "Zstandard 1.5.7",
                      "GPL-2.0-only OR BSD-2-Clause", "/usr/share/common-licenses",
                      # From the licence texts in the archives.
                      "Jouni Malinen", "The Libbpf Authors", "Jean-loup Gailly",
                      "Code generated by the Protocol Buffer compiler"):
            self.assertIn(words, text)

    def test_its_changelog_belongs_to_its_version(self):
        done = subprocess.run(["dpkg-parsechangelog", "-l-", "-SVersion"], text=True,
                              input=harness.run("zcat", os.path.join(
                                  self.root, "usr/share/doc/weir/changelog.Debian.gz")),
                              capture_output=True, check=True)
        self.assertEqual((done.stdout.strip(), done.stderr), (self.field("Version"), ""))
        folder = os.path.join(self.folder, "copy")
        os.mkdir(folder)
        tree, script = copy_readable(folder)
        changelog = pathlib.Path(tree, "share/doc/weir/CHANGELOG.md")
        changelog.chmod(0o644)
        changelog.write_text("# Changelog\n\n## 99.0.0 (not released)\n\n- All new.\n", encoding="utf-8")
        done = make_deb(folder, tree=tree, script=script)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the first section is for 99.0.0", done.stderr)

    def test_every_user_makes_the_same_bytes(self):
        folder = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        tree, script = copy_readable(folder)
        output = os.path.join(folder, "output")
        os.mkdir(output)
        os.chmod(output, 0o777)
        prefix = ["sh", "-c", 'umask 077; cd /; exec "$@"', "sh"]
        if os.geteuid() == 0 and shutil.which("setpriv"):
            prefix += ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        done = make_deb(output, tree=tree, script=script, prefix=prefix, LC_ALL="tr_TR.ISO-8859-9",
                        TZ="Asia/Kathmandu", HOME="/nonexistent", GZIP="-1", XZ_OPT="-1",
                        DPKG_DEB_COMPRESSOR_TYPE="gzip", TMPDIR="/tmp")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(pathlib.Path(done.stdout.splitlines()[-1]).read_bytes(),
                         pathlib.Path(self.deb).read_bytes())

    def test_without_a_valid_time_there_is_no_package(self):
        for epoch in ("", "yesterday"):
            done = make_deb(self.folder, SOURCE_DATE_EPOCH=epoch)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("SOURCE_DATE_EPOCH", done.stderr)

    def lintian(self, deb):
        if not shutil.which("lintian"):
            raise unittest.SkipTest("SKIPPED: needs lintian")
        return subprocess.run(["lintian", "--allow-root", "--fail-on=error,warning", deb], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.folder,
                              timeout=harness.DEADLINE_SECONDS, check=False)

    def test_lintian_finds_nothing(self):
        done = self.lintian(self.deb)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def spoilt(self, name, spoil):
        """Rebuilds the package after spoil(folder with its files and DEBIAN/). Returns its path."""
        folder = os.path.join(self.folder, name)
        harness.run("dpkg-deb", "--raw-extract", self.deb, folder)
        spoil(pathlib.Path(folder))
        deb = os.path.join(self.folder, name + ".deb")
        harness.run("dpkg-deb", "--root-owner-group", "-Znone", "--build", folder, deb)
        return deb

    def test_lintian_would_find_a_mistake(self):
        done = self.lintian(self.spoilt(
            "bad", lambda folder: (folder / "usr/share/doc/weir/copyright").unlink()))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("E: weir: no-copyright-file", done.stdout)

    def trial(self, deb):
        """Runs package_trial in a copy of this machine, on a tmpfs that is thrown away."""
        if os.geteuid() != 0:
            raise unittest.SkipTest("SKIPPED: needs root for a copy of the machine to install in")
        if subprocess.run(["dpkg-query", "-W", "weir"], capture_output=True, check=False).returncode == 0:
            raise unittest.SkipTest("SKIPPED: a package weir is installed on this machine")
        script = """set -e
          mount --make-rprivate /
          mount -t tmpfs tmpfs /mnt
          mkdir /mnt/upper /mnt/work /mnt/root
          mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root || exit 99
          cd /mnt/root
          mount -t proc proc proc
          mount --rbind /dev dev
          mount -t tmpfs tmpfs tmp
          mount -t tmpfs tmpfs run
          # The copy lacks the other mounts of the machine.
          mkdir -p tmp/trial
          cp "$1" tmp/trial/weir.deb
          cp "$2" tmp/trial/raw_records.bin
          cp "$3" tmp/trial/package_trial
          # /run is empty, so the scripts of the package find no running systemd.
          # GCOV_PREFIX: a build of tools/coverage writes its counts to the tmpfs.
          exec chroot . env -i PATH="$PATH" HOME=/root GCOV_PREFIX=/tmp/counts /tmp/trial/package_trial \
            /tmp/trial/weir.deb /tmp/trial/raw_records.bin
        """
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--",
                               "sh", "-c", script, "sh", deb, RECORDING, TRIAL], text=True,
                              capture_output=True, timeout=2 * harness.DEADLINE_SECONDS, check=False)
        if done.returncode == 99:
            raise unittest.SkipTest("SKIPPED: no overlay of this machine's root: " + done.stderr.strip())
        return done

    def test_it_installs_works_and_leaves_nothing_behind(self):
        done = self.trial(self.deb)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        self.assertIn("the package is fine", done.stdout)

    def test_files_left_behind_are_found(self):
        def forget(folder):
            (folder / "DEBIAN/postrm").write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
        done = self.trial(self.spoilt("forgetful", forget))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the package has left something behind", done.stderr)
        for words in ("weir:x:", "/etc/weir", "multi-user.target.wants/weir.service"):
            self.assertRegex(done.stdout, rf"(?m)^\+.*{re.escape(words)}")


if __name__ == "__main__":
    harness.main()
