#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of hermetic.py on planted dependency files, commands and results."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import hermetic

# What dpkg says on a machine with a package that the build must not read.
PACKAGES = {
    "libc6-dev": ["/usr/include/stdio.h", "/usr/include/elf.h",
                  "/usr/include/x86_64-linux-gnu/sys/types.h"],
    "linux-libc-dev": ["/usr/include/linux/types.h"],
    "libstdc++-12-dev": ["/usr/include/c++/12/vector"],
    "libgcc-12-dev": ["/usr/lib/gcc/x86_64-linux-gnu/12/include/stddef.h"],
    "libclang-common-14-dev": ["/usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h"],
    "libelf-dev": ["/usr/include/libelf.h"],
    "zlib1g-dev": ["/usr/include/zlib.h"],
}


def fake_dpkg(command):
    if command[:2] == ["dpkg-query", "-W"]:
        return "".join("%s\tinstalled\n" % name for name in PACKAGES) + "libbpf-dev\tconfig-files\n"
    if command[:2] == ["dpkg-query", "-L"]:
        return "/.\n" + "\n".join(PACKAGES[command[2]]) + "\n"
    if command[:2] == ["dpkg", "-S"]:
        for name, files in PACKAGES.items():
            if command[2] in files:
                return "%s:amd64: %s\n" % (name, command[2])
        return None
    raise AssertionError(command)


def checker(system=None):
    """A checker for whom everything relative is inside of the build."""
    return hermetic.Checker(system or hermetic.DebianFiles(fake_dpkg), {"zlib", "bazel_tools"},
                            lambda path: "/build/" + path, ["/build"])


class DependencyFileTest(unittest.TestCase):

    def test_continued_lines_and_escapes(self):
        self.assertEqual(
            hermetic.dependencies("a.o: core/a.cc \\\n  core/a\\ b.h \\\n /usr/include/c++/12/x$$y\n"),
            ["core/a.cc", "core/a b.h", "/usr/include/c++/12/x$y"])

    def test_rules_without_dependencies(self):
        self.assertEqual(hermetic.dependencies("a.o: a.cc b.h\n\nb.h:\n"), ["a.cc", "b.h"])

    def test_what_is_no_dependency_file(self):
        with self.assertRaises(ValueError):
            hermetic.dependencies("this is not one\n")


class FilesTest(unittest.TestCase):

    def wrong(self, name, system=None):
        check = checker(system)
        check.file(name, "//a")
        return "\n".join(check.problems)

    def test_what_may_be_read(self):
        check = checker()
        for name in ("core/a.h", "./core/a.h", "external/zlib/zlib.h", "bazel-out/k8/bin/a.pb.h",
                     "/usr/include/stdio.h", "/usr/include/c++/12/vector",
                     "/usr/include/x86_64-linux-gnu/sys/types.h",
                     "/usr/lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/vector",
                     "/lib/gcc/x86_64-linux-gnu/12/include/stddef.h",
                     "/usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h"):
            check.file(name, "//a")
        self.assertEqual(dict(check.problems), {})
        self.assertEqual(check.read["repository"], 2)
        self.assertEqual(check.read["libc6-dev"], 2)

    def test_headers_of_other_packages(self):
        self.assertIn("/usr/include/libelf.h is of the package libelf-dev:amd64",
                      self.wrong("/usr/include/libelf.h"))
        self.assertIn("zlib1g-dev", self.wrong("/usr/include/c++/12/../../zlib.h"))

    def test_files_of_no_package(self):
        self.assertIn("of no package", self.wrong("/usr/local/include/absl/base/config.h"))
        # A package that was removed is no excuse.
        self.assertIn("of no package", self.wrong("/usr/include/bpf/bpf.h"))

    def test_the_running_kernel(self):
        for name in ("/sys/kernel/btf/vmlinux", "/usr/src/linux-headers-6.1/x.h", "/proc/version",
                     "/lib/modules/6.1/build/include/x.h", "/usr/lib/modules/6.1/x.h"):
            self.assertIn("running kernel", self.wrong(name))

    def test_what_is_outside_of_the_build(self):
        self.assertIn("outside of the build", self.wrong("../../home/me/a.h"))
        self.assertIn("no pinned archive", self.wrong("external/libfoo/foo.h"))
        check = hermetic.Checker(hermetic.DebianFiles(fake_dpkg), {"zlib"},
                                 lambda path: "/usr/include/libelf.h", ["/build"])
        check.file("external/zlib/libelf.h", "//a")
        self.assertIn("a link to /usr/include/libelf.h", "\n".join(check.problems))

    def test_by_name_where_there_is_no_dpkg(self):
        names = hermetic.FilesByName()
        for name in ("/usr/include/stdio.h", "/usr/include/sys/types.h", "/usr/include/elf.h",
                     "/usr/include/c++/13/vector", "/usr/include/x86_64-linux-gnu/bits/types.h",
                     "/usr/include/aarch64-linux-gnu/c++/12/bits/os_defines.h",
                     "/usr/lib/gcc/x86_64-redhat-linux/13/include/stddef.h",
                     "/usr/lib64/clang/17/include/stddef.h"):
            self.assertEqual(self.wrong(name, names), "")
        for name in ("/usr/include/libelf.h", "/usr/include/zlib.h", "/usr/include/bpf/bpf.h",
                     "/usr/include/absl/base/config.h", "/usr/local/include/stdio.h",
                     "/usr/include/google/protobuf/message.h", "/usr/include/elf"):
            self.assertIn(name, self.wrong(name, names))


class CommandTest(unittest.TestCase):

    def link(self, *arguments):
        check = checker()
        check.link_command(["/usr/bin/gcc", *arguments], "//a")
        return "\n".join(check.problems)

    def test_links_that_may_be(self):
        self.assertEqual("", self.link(
            "-shared", "-o", "bazel-out/k8/bin/a.so", "-Wl,--start-lib", "bazel-out/k8/bin/a.o",
            "-Wl,--version-script=plugins/exports.map", "-fuse-ld=gold", "-B/usr/bin",
            "-Wl,-z,relro,-z,now", "-lstdc++", "-lm", "-l", "dl", "-pthread", "-Wl,-lrt",
            "-Lbazel-out/k8/bin/_solib", "-Wl,-rpath,$ORIGIN/../lib", "-Wl,-S",
            "external/zlib/x.o", "-Wl,--undefined=weir_plugin_main"))

    def test_libraries_of_the_machine(self):
        for words in (["-lz"], ["-l", "elf"], ["-l:libz.a"], ["-Wl,-lbpf"], ["--library=crypto"],
                      ["/usr/lib/x86_64-linux-gnu/libz.a"], ["-Wl,/usr/lib/libz.so.1"],
                      ["../../usr/lib/libz.a"], ["external/libfoo/libfoo.a"]):
            self.assertIn("links", self.link(*words), words)

    def test_folders_of_the_machine(self):
        for words in (["-L/usr/lib"], ["-L", "/opt/lib"], ["-Wl,-L/usr/lib"], ["-B/opt/bin"],
                      ["-L../lib"], ["--library-path=/usr/lib"], ["-Wl,-rpath,/usr/lib"],
                      ["-Wl,-rpath=/usr/lib"], ["--sysroot=/opt"], ["-T/opt/script.ld"],
                      ["-fuse-ld=/opt/bin/ld"]):
            self.assertNotEqual("", self.link(*words), words)

    def test_search_folders_of_a_compiler(self):
        check = checker()
        check.compile_command(["gcc", "-Iexternal/zlib", "-isystem", "external/zlib", "-iquote", ".",
                               "-DX=/usr", "-c", "a.cc", "-o", "a.o"], "//a")
        self.assertEqual(dict(check.problems), {})
        for words in (["-I/usr/include/bpf"], ["-isystem", "/usr/src"], ["-include", "/opt/x.h"],
                      ["-iquote../.."]):
            check = checker()
            check.compile_command(["gcc", *words, "-c", "a.cc"], "//a")
            self.assertEqual(len(check.problems), 1, words)

    def test_the_running_kernel(self):
        for words in (["bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c"],
                      ["bash", "-c", "cat </proc/version >x"], ["protoc", "-I/usr/src/linux"],
                      ["x", "--kernel=/lib/modules"]):
            check = checker()
            check.command(words, "//a")
            self.assertEqual(len(check.problems), 1, words)
        check = checker()
        check.command(["bash", "-c", "cp core/proc/a external/x/sys/b /dev/null; s,/sysroot,,"], "//a")
        self.assertEqual(dict(check.problems), {})


class ResultTest(unittest.TestCase):

    def needed(self, *lines):
        check = checker()
        check.result("\n".join(lines), "//a")
        return "\n".join(check.problems)

    def test_libraries_of_the_compiler_and_libc(self):
        self.assertEqual("", self.needed(
            " 0x0000000000000001 (NEEDED)             Shared library: [libstdc++.so.6]",
            " 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]",
            " 0x0000000000000001 (NEEDED)             Shared library: [ld-linux-x86-64.so.2]",
            " 0x000000000000001d (RUNPATH)            Library runpath: [$ORIGIN/../_solib]"))

    def test_others(self):
        self.assertIn("libz.so.1", self.needed(" 0x1 (NEEDED)   Shared library: [libz.so.1]"))
        self.assertIn("libelf.so.1", self.needed(" 0x1 (NEEDED)   Shared library: [libelf.so.1]"))
        self.assertIn("/opt/lib", self.needed(" 0x1d (RUNPATH)  Library runpath: [$ORIGIN:/opt/lib]"))


class ActionsTest(unittest.TestCase):
    """The whole of it, on a build that is laid out in a folder."""

    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)

    def write(self, path, text=""):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def check(self, *actions):
        """(exit code, what is said) for these actions of //a."""
        check = hermetic.Checker(hermetic.DebianFiles(fake_dpkg), {"zlib"},
                                 lambda path: os.path.join(self.root, path), [self.root])
        graph = json.loads(json.dumps({
            "targets": [{"id": 1, "label": "//a"}],
            "actions": [dict(action, targetId=1) for action in actions]}))
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = hermetic.report(check, hermetic.check_actions(graph, check, self.root))
        return code, output.getvalue()

    def compilation(self, depfile, mnemonic="CppCompile"):
        if depfile is not None:
            self.write("bazel-out/a.d", depfile)
        self.write("bazel-out/a.o")
        return {"mnemonic": mnemonic,
                "arguments": ["/bin/bash", "-c", "script", "gcc", "-MD", "-MF", "bazel-out/a.d",
                              "-c", "a.cc", "-o", "bazel-out/a.o"]}

    def link(self, *words):
        """A link that has run: its result is a program of this machine."""
        shutil.copy(shutil.which("true"), os.path.join(self.root, "a.out"))
        return {"mnemonic": "CppLink", "arguments": ["/usr/bin/gcc", "@a.params"],
                "paramFiles": [{"execPath": "a.params", "arguments": ["-o", "a.out", *words]}]}

    CLEAN = "bazel-out/a.o: a.cc /usr/include/stdio.h external/zlib/zlib.h\n"

    def test_a_clean_build(self):
        code, said = self.check(self.compilation(self.CLEAN), self.link("-lm"),
                                {"mnemonic": "FileWrite"},
                                {"mnemonic": "WeirTree", "arguments": ["/bin/bash", "-c", "cp a b"]})
        self.assertEqual(code, 0, said)
        self.assertIn("1 files of libc6-dev, 1 files of pinned archives, 1 files of repository", said)
        self.assertIn("1 links, 1 other commands, 0 compilations and links that no target", said)

    def test_a_planted_header(self):
        for mnemonic in hermetic.COMPILE_MNEMONICS:
            code, said = self.check(
                self.compilation("a.o: a.cc \\\n /usr/include/libelf.h\n", mnemonic), self.link())
            self.assertEqual(code, 1)
            self.assertIn("/usr/include/libelf.h is of the package libelf-dev:amd64: //a (a.cc)", said)

    def test_a_planted_library_in_a_parameter_file(self):
        code, said = self.check(self.compilation(self.CLEAN), self.link("-lz"))
        self.assertEqual(code, 1)
        self.assertIn("links the machine's library -lz: //a", said)

    def test_a_parameter_file_without_text(self):
        link = self.link()
        link["paramFiles"] = []
        with self.assertRaises(ValueError):
            self.check(self.compilation(self.CLEAN), link)

    def test_a_result_that_wants_more(self):
        if not shutil.which("gcc"):
            self.skipTest("SKIPPED: needs gcc")
        self.write("x.c", "int x;")
        for command in (["gcc", "-shared", "-o", "libx.so.1", "-Wl,-soname,libx.so.1", "x.c"],
                        ["gcc", "-shared", "-o", "wants.so", "-Wl,--no-as-needed", "x.c", "libx.so.1"]):
            subprocess.run(command, cwd=self.root, check=True)
        link = {"mnemonic": "CppLink", "arguments": ["/usr/bin/gcc", "-o", "wants.so"]}
        code, said = self.check(self.compilation(self.CLEAN), link)
        self.assertEqual(code, 1)
        self.assertIn("libx.so.1 has to be there where it runs: //a", said)

    def test_a_missing_account(self):
        code, said = self.check(self.compilation(None), self.link())
        self.assertEqual(code, 1)
        self.assertIn("no account of what was read", said)
        code, said = self.check(self.compilation("a.o: \n"), self.link())
        self.assertEqual(code, 1)
        self.assertIn("is empty", said)

    def test_nothing_built_is_no_success(self):
        code, said = self.check({"mnemonic": "CppCompile", "arguments": [
            "gcc", "-MF", "x.d", "-c", "x.cc", "-o", "x.o"]})
        self.assertEqual(code, 1)
        self.assertIn("nothing has been built", said)

    def test_generators(self):
        code, said = self.check(
            self.compilation(self.CLEAN), self.link(),
            {"mnemonic": "Genrule", "arguments": ["/bin/bash", "-c", "cat /sys/kernel/btf/vmlinux > x"]})
        self.assertEqual(code, 1)
        self.assertIn("/sys/ is on a command line", said)


if __name__ == "__main__":
    unittest.main()
