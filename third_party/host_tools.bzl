# SPDX-License-Identifier: Apache-2.0
"""The programs of the machine that a build runs, and the versions that it accepts.

HOST_TOOLS is the only table of them. repositories.bzl looks for the programs with it, and
host_tools_test.bzl checks the functions here. If a tool is missing or too old, the targets
that need it fail with one sentence. Other targets still build.
"""

# Fields of an entry:
#   names     the possible names of the program, the likeliest first
#   variable  the environment variable that names another program
#   marker    the text in front of the version in the output of --version
#   least     the oldest accepted version
#   why       the feature that older versions lack
#   tried     the major versions with which weir was built and tested
#   package   Debian's package
HOST_TOOLS = {
    "g++": {
        # Debian's g++ and Bazel agree: gcc is the program, also for C++.
        "names": ["gcc"],
        "variable": "CC",
        # "gcc (Debian 12.2.0-14+deb12u1) 12.2.0"
        "marker": ") ",
        "least": "9",
        "why": "C++17 with <filesystem> in libstdc++ itself",
        "tried": ["12"],
        "package": "g++",
    },
    # Both of user space (--config=clang) and of BPF programs.
    "clang": {
        "names": ["clang"] + ["clang-%d" % major for major in range(22, 11, -1)],
        "variable": "WEIR_CLANG",
        "marker": "clang version ",
        "least": "12",
        "why": "the atomic operations of BPF (-mcpu=v3)",
        "tried": ["14"],
        "package": "clang",
    },
    "llvm-strip": {
        "names": ["llvm-strip"] + ["llvm-strip-%d" % major for major in range(22, 11, -1)],
        "variable": "WEIR_LLVM_STRIP",
        "marker": "LLVM version ",
        "least": "12",
        "why": "BPF objects as clang 12 writes them",
        "tried": ["14"],
        "package": "llvm",
    },
    "bpftool": {
        # In Debian 12 it is in /usr/sbin, which is in no user's PATH.
        "names": ["bpftool", "/usr/sbin/bpftool", "/sbin/bpftool"],
        "variable": "WEIR_BPFTOOL",
        "marker": "bpftool v",
        "least": "5.13",
        "why": "`gen skeleton FILE name NAME`",
        "tried": ["7"],
        "package": "bpftool",
    },
}

def parse_version(text, marker):
    """Finds the version in the output of a program.

    Args:
      text: the output of --version.
      marker: the text in front of the version.

    Returns:
      Numbers and dots, "14.0.6"; "" if there is none.
    """
    for line in text.split("\n"):
        _, found, rest = line.partition(marker)
        if not found:
            continue
        version = ""
        for char in rest.elems():
            if not (char.isdigit() or char == "."):
                break
            version += char
        version = version.strip(".")
        if version:
            return version
    return ""

def is_at_least(version, least):
    """Compares two versions.

    Args:
      version: numbers separated by dots; "12" is the same as "12.0".
      least: the oldest accepted version.

    Returns:
      True if `version` is not older than `least`.
    """
    have = [int(part) for part in version.split(".") if part]
    want = [int(part) for part in least.split(".") if part]
    for i in range(max(len(have), len(want))):
        a = have[i] if i < len(have) else 0
        b = want[i] if i < len(want) else 0
        if a != b:
            return a > b
    return True

def is_clang(text):
    """True if a compiler with this output of --version is clang."""
    return parse_version(text, HOST_TOOLS["clang"]["marker"]) != ""

def _instead(package, variable):
    return "install the package %s, or name another program in %s" % (package, variable)

def check_tool(tool, path, text, named = ""):
    """Checks one program.

    Args:
      tool: a key of HOST_TOOLS.
      path: the path of the program; "" if it was not found.
      text: its output of --version.
      named: the program that the environment variable names; "" if it is not set.

    Returns:
      A struct: `version`, "" if unknown; `problem`, a sentence, "" if the tool can be
      used; `note`, a sentence about a version that was not tested, or "".
    """
    entry = HOST_TOOLS[tool]
    if not path:
        problem = "%s is not on this machine: %s" % (tool, _instead(entry["package"], entry["variable"]))
        if named:
            problem = "%s is '%s', which is no program on this machine: name another, or unset it and install the package %s" % (
                entry["variable"],
                named,
                entry["package"],
            )
        return struct(version = "", problem = problem, note = "")

    # CC can be a clang; then the entry of clang applies.
    wanted = HOST_TOOLS["clang"] if tool == "g++" and is_clang(text) else entry
    version = parse_version(text, wanted["marker"])
    instead = _instead(wanted["package"], entry["variable"])
    if not version:
        said = text.strip().split("\n")[0]
        return struct(
            version = "",
            problem = "%s does not say which version of %s it is, but '%s': %s" % (path, tool, said, instead),
            note = "",
        )
    if not is_at_least(version, wanted["least"]):
        return struct(
            version = version,
            problem = "%s is version %s, weir needs %s or later, for %s: %s" % (
                path,
                version,
                wanted["least"],
                wanted["why"],
                instead,
            ),
            note = "",
        )
    note = ""
    if version.split(".")[0] not in wanted["tried"]:
        note = "%s is version %s, which nobody has tried with weir; tried: %s" % (
            path,
            version,
            ", ".join(wanted["tried"]),
        )
    return struct(version = version, problem = "", note = note)
