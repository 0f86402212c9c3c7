# SPDX-License-Identifier: Apache-2.0
"""Tests of host_tools.bzl, which run while its target is analysed."""

load(":host_tools.bzl", "HOST_TOOLS", "check_tool", "is_at_least", "is_clang", "parse_version")

_GCC = "gcc (Debian %s-14+deb12u1) %s\nCopyright (C) 2022 Free Software Foundation, Inc.\n"
_CLANG = "Debian clang version %s\nTarget: x86_64-pc-linux-gnu\nThread model: posix\n"
_STRIP = "llvm-strip, compatible with GNU strip\nDebian LLVM version %s\n  Optimized build.\n"
_BPFTOOL = "bpftool v%s\nusing libbpf v1.1\nfeatures: libbpf_strict\n"

def _expect(what, got, want):
    if got != want:
        fail("%s: expected %r, got %r" % (what, want, got))

def _expect_words(what, got, words):
    for word in words:
        if word not in got:
            fail("%s: '%s' is not in: %s" % (what, word, got))

def _test_versions_are_read():
    for tool, text, version in [
        ("g++", _GCC % ("12.2.0", "12.2.0"), "12.2.0"),
        ("g++", "gcc-9 (Ubuntu 9.4.0-1ubuntu1~20.04.2) 9.4.0\n", "9.4.0"),
        ("g++", "gcc (GCC) 13.2.1 20240316 (Red Hat 13.2.1-7)\n", "13.2.1"),
        ("clang", _CLANG % "14.0.6", "14.0.6"),
        ("clang", "clang version 17.0.6 (Fedora 17.0.6-2.fc39)\n", "17.0.6"),
        ("clang", "Ubuntu clang version 15.0.7-3ubuntu1\n", "15.0.7"),
        ("llvm-strip", _STRIP % "14.0.6", "14.0.6"),
        ("llvm-strip", "llvm-strip, compatible with GNU strip\nLLVM (http://llvm.org/):\n  LLVM version 13.0.1\n", "13.0.1"),
        ("bpftool", _BPFTOOL % "7.1.0", "7.1.0"),
        ("bpftool", "bpftool v5.10.223\nfeatures:\n", "5.10.223"),
        ("bpftool", "WARNING: bpftool not found for kernel 5.15.0\n", ""),
        ("clang", "", ""),
        ("clang", "clang version unknown\n", ""),
    ]:
        _expect(tool + ": " + text, parse_version(text, HOST_TOOLS[tool]["marker"]), version)
    _expect("clang is clang", is_clang(_CLANG % "14.0.6"), True)
    _expect("gcc is not clang", is_clang(_GCC % ("12.2.0", "12.2.0")), False)

def _test_versions_are_compared_by_number():
    for version, least, want in [
        ("14.0.6", "12", True),
        ("12", "12.0.0", True),
        ("12.0", "12.0.1", False),
        ("9.4.0", "12", False),
        ("5.10.223", "5.13", False),
        ("5.13.0", "5.13", True),
        ("7.1.0", "5.13", True),
        ("100", "20", True),
    ]:
        _expect("%s is at least %s" % (version, least), is_at_least(version, least), want)

def _test_what_was_tried_passes_without_a_word():
    for tool, text in {
        "bpftool": _BPFTOOL % "7.1.0",
        "clang": _CLANG % "14.0.6",
        "g++": _GCC % ("12.2.0", "12.2.0"),
        "llvm-strip": _STRIP % "14.0.6",
    }.items():
        checked = check_tool(tool, "/usr/bin/x", text)
        _expect(tool, (checked.problem, checked.note), ("", ""))

def _test_a_missing_tool_names_its_package():
    for tool, package in {"bpftool": "bpftool", "clang": "clang", "g++": "g++", "llvm-strip": "llvm"}.items():
        _expect_words(tool, check_tool(tool, "", "").problem, [
            tool + " is not on this machine",
            "install the package " + package,
        ])
    _expect_words("a wrong variable", check_tool("clang", "", "", named = "clang-99").problem, [
        "WEIR_CLANG is 'clang-99'",
        "package clang",
    ])

def _test_an_old_tool_says_what_is_wanted_and_why():
    for tool, text, words in [
        ("g++", _GCC % ("8.3.0", "8.3.0"), ["/x is version 8.3.0", "9 or later", "C++17", "package g++", "CC"]),
        ("clang", _CLANG % "11.0.1", ["/x is version 11.0.1", "12 or later", "BPF", "package clang", "WEIR_CLANG"]),
        ("llvm-strip", _STRIP % "9.0.1", ["9.0.1", "12 or later", "package llvm", "WEIR_LLVM_STRIP"]),
        ("bpftool", _BPFTOOL % "5.10.223", ["5.10.223", "5.13 or later", "gen skeleton", "WEIR_BPFTOOL"]),
        ("bpftool", "WARNING: bpftool not found\n", ["does not say", "WARNING: bpftool not found"]),
    ]:
        _expect_words(tool, check_tool(tool, "/x", text).problem, words)

def _test_clang_as_the_cxx_compiler_is_held_to_clangs_range():
    _expect("14", check_tool("g++", "/x", _CLANG % "14.0.6").problem, "")
    _expect_words("11", check_tool("g++", "/x", _CLANG % "11.0.1").problem, ["12 or later", "package clang", "in CC"])

def _test_a_version_that_nobody_tried_is_noted_and_used():
    checked = check_tool("clang", "/usr/bin/clang-19", _CLANG % "19.1.0")
    _expect("clang 19", checked.problem, "")
    _expect_words("clang 19", checked.note, ["/usr/bin/clang-19", "19.1.0", "14"])

def _host_tools_test_impl(ctx):
    _test_versions_are_read()
    _test_versions_are_compared_by_number()
    _test_what_was_tried_passes_without_a_word()
    _test_a_missing_tool_names_its_package()
    _test_an_old_tool_says_what_is_wanted_and_why()
    _test_clang_as_the_cxx_compiler_is_held_to_clangs_range()
    _test_a_version_that_nobody_tried_is_noted_and_used()

    # Bazel needs a file to run for every test; the checks above have already run.
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, "#!/bin/sh\nexit 0\n", is_executable = True)
    return [DefaultInfo(executable = script)]

host_tools_test = rule(
    implementation = _host_tools_test_impl,
    doc = "Fails to build if a function of host_tools.bzl is wrong.",
    test = True,
)
