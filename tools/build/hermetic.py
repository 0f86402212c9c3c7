#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what a build has read and linked against what it may (tools/hermetic).

hermetic.py --workspace=DIR --execution-root=DIR --output-base=DIR ACTIONS

ACTIONS is the output of `bazel aquery --output=jsonproto --include_param_files
'deps(//...)'`, after a build of those targets. Looked at are

  - the dependency file of every compilation, of C++ and of BPF: what the compiler
    has read, to the last header;
  - the command of every link, with its parameter files;
  - what the programs and shared objects that came out want loaded with them;
  - the commands of all other actions, for places of the running kernel.

May be read: the repository, the pinned archives, what the build generates, and the
headers of the compiler and of the C library. Which files those are, dpkg knows
(ALLOWED_PACKAGES); where there is no dpkg, it is told by folders and names.
"""

import argparse
import ast
import collections
import json
import os
import re
import subprocess
import sys

# Debian packages whose files a compilation may read, and why.
ALLOWED_PACKAGES = {
    r"libc6-dev": "headers of the C library",
    r"linux-libc-dev": "the kernel's interface of the C library's time, which its headers include",
    r"libstdc\+\+-\d+-dev": "the compiler's C++ library",
    r"libgcc-\d+-dev": "the compiler's own headers (gcc)",
    r"libclang-common-\d+-dev": "the compiler's own headers (clang)",
}

# Without dpkg: folders of gcc's and clang's own headers, and of libstdc++.
COMPILER_FOLDERS = re.compile(
    r"/usr/lib(64|exec)?/gcc/[^/]+/[\d.]+/include(-fixed)?/"
    r"|/usr/lib(64)?/(llvm-\d+/lib/)?clang/[\d.]+/include/"
    r"|/usr/include/([^/]+-linux-[^/]+/)?c\+\+/")

# Without dpkg: what C libraries on Linux have in /usr/include.
LIBC_FOLDERS = set("arpa asm asm-generic bits gnu linux net netinet netpacket rpc scsi sys".split())
LIBC_HEADERS = set("""
    aio aliases alloca ar argp argz assert byteswap complex cpio ctype dirent dlfcn elf endian
    envz err errno error execinfo fcntl features features-time64 fenv fmtmsg fnmatch fpu_control
    fstab fts ftw gconv getopt glob gnu-versions grp iconv ieee754 ifaddrs inttypes langinfo
    libgen libintl limits link locale malloc math mcheck memory mntent monetary mqueue netdb
    nl_types nss obstack paths poll printf pthread pty pwd regex resolv sched search semaphore
    setjmp shadow signal spawn stab stdc-predef stdint stdio stdio_ext stdlib string strings
    syscall sysexits syslog tar termio termios tgmath thread_db threads time uchar ucontext
    ulimit unistd utime utmp utmpx values wait wchar wctype wordexp""".split())

# Places that belong to the running kernel, not to a build.
KERNEL_PLACES = ("/sys/", "/proc/", "/boot/", "/usr/src/", "/lib/modules/", "/usr/lib/modules/")

# Bazel's own repositories, beside those of archives.bzl.
BAZEL_REPOSITORIES = {"bazel_tools", "local_config_cc"}

# What -l may name: the C library and what the compiler brings.
ALLOWED_LIBRARIES = {"c", "m", "pthread", "dl", "rt", "stdc++", "gcc", "gcc_s", "gcc_eh"}

# What a result may want loaded. (Before glibc 2.34 three of them were files of their own.)
ALLOWED_NEEDED = re.compile(
    r"(libc|libm|libgcc_s|libstdc\+\+|libpthread|libdl|librt|ld-linux[^.]*)\.so(\.\d+)?")

COMPILE_MNEMONICS = ("CppCompile", "WeirBpfCompile")


def kernel_place(text):
    """The place of the running kernel that a path or command mentions, or None."""
    for place in KERNEL_PLACES:
        if re.search(r"(?:^|[^\w./-]|^--?[a-zA-Z]+)" + place.rstrip("/") + r"(?![\w.-])", text):
            return place
    return None


def dependencies(text):
    """The files that a dependency file (make's syntax) names."""
    text = text.replace("\\\n", " ")
    names = []
    for line in filter(str.strip, text.splitlines()):
        target, colon, rest = line.partition(": ")
        if not colon and not target.endswith(":"):
            raise ValueError("not a rule of make: %r" % line[:80])
        names += [re.sub(r"\\([ #])", r"\1", name).replace("$$", "$")
                  for name in re.findall(r"(?:\\.|[^\s\\])+", rest)]
    return names


class DebianFiles:
    """Tells by dpkg whether a file of the machine may be read."""

    def __init__(self, run):
        """`run` takes a command and returns its output, None if it fails."""
        self._run = run
        listed = run(["dpkg-query", "-W", "-f", "${Package}\t${db:Status-Status}\n"]) or ""
        packages = [name for name, _, status in
                    (line.partition("\t") for line in listed.splitlines())
                    if status == "installed" and
                    any(re.fullmatch(allowed, name) for allowed in ALLOWED_PACKAGES)]
        self._packages = {}
        for package in packages:
            for path in (run(["dpkg-query", "-L", package]) or "").splitlines():
                self._packages[self._merged(path)] = package

    @staticmethod
    def _merged(path):
        """Packages still say /lib where it is a link to /usr/lib."""
        return "/usr" + path if path.startswith(("/lib/", "/lib64/")) else path

    def owner(self, path):
        """(the allowed package that the file is of, or None; what else to say of it)."""
        for name in (path, os.path.realpath(path)):
            package = self._packages.get(self._merged(name))
            if package:
                return package, ""
        found = self._run(["dpkg", "-S", path]) or self._run(["dpkg", "-S", os.path.realpath(path)])
        if found:
            return None, "of the package " + found.splitlines()[0].rpartition(": ")[0]
        return None, "of no package"


class FilesByName:
    """The same where there is no dpkg: by folders, and by names of the C library."""

    def owner(self, path):
        if COMPILER_FOLDERS.match(path):
            return "compiler", ""
        match = re.fullmatch(r"/usr/include/(?:[^/]+-linux-[^/]+/)?([^/]+)(/.*)?", path)
        if match:
            name, below = match[1], match[2]
            if (name in LIBC_FOLDERS) if below else (name[:-2] in LIBC_HEADERS and name.endswith(".h")):
                return "libc", ""
        return None, "neither the compiler's nor the C library's by its name"


class Checker:
    """Collects what is read and what must not be."""

    def __init__(self, system, repositories, resolve, inside):
        """
        system        DebianFiles or FilesByName
        repositories  names of the external repositories that may be read
        resolve       a path from the execution root to the real file
        inside        folders that real files of the build lie in
        """
        self._system = system
        self._repositories = repositories
        self._resolve = resolve
        self._inside = tuple(folder.rstrip("/") + "/" for folder in inside)
        self._known = {}
        self.read = collections.Counter()    # origin: files
        self.problems = collections.OrderedDict()   # sentence: who

    def problem(self, sentence, who):
        self.problems.setdefault(sentence, []).append(who)

    def _origin(self, name):
        """(where a file is from, what is wrong with that)."""
        path = os.path.normpath(name)
        if path.startswith("/"):
            place = kernel_place(path)
            if place:
                return None, "%s belongs to the running kernel" % path
            package, why = self._system.owner(path)
            return package, "" if package else "%s is %s" % (path, why)
        if path.startswith("../"):
            return None, "%s is outside of the build" % path
        if not self._resolve(path).startswith(self._inside):
            return None, "%s is a link to %s, outside of the build" % (path, self._resolve(path))
        parts = path.split("/")
        if parts[0] == "external":
            if parts[1] not in self._repositories:
                return None, "%s is of the repository %s, which is no pinned archive" % (path, parts[1])
            return "pinned archives", ""
        return "generated" if parts[0] == "bazel-out" else "repository", ""

    def file(self, name, who):
        """A file that `who` has read."""
        if name not in self._known:
            self._known[name] = self._origin(name)
            if self._known[name][0]:
                self.read[self._known[name][0]] += 1
        wrong = self._known[name][1]
        if wrong:
            self.problem(wrong, who)

    def command(self, arguments, who):
        """Any command: it must not name places of the running kernel."""
        for argument in arguments:
            place = kernel_place(argument)
            if place:
                self.problem("%s is on a command line: it belongs to the running kernel" % place, who)

    def compile_command(self, arguments, who):
        """Search folders of a compiler are given from the execution root."""
        option = None
        for argument in arguments:
            if option:
                value, option = argument, None
            elif argument in ("-I", "-isystem", "-iquote", "-idirafter", "-include", "-imacros"):
                option = argument
                continue
            else:
                match = re.match(r"-(?:I|isystem|iquote|idirafter|include|imacros)(.+)", argument)
                if not match:
                    continue
                value = match[1]
            if value.startswith("/") or os.path.normpath(value).startswith(".."):
                self.problem("the compiler is told to look at %s" % value, who)

    def link_command(self, arguments, who):
        """A link: `arguments` with parameter files in their place."""
        program, words = arguments[0], []
        for argument in arguments[1:]:
            words += argument.split(",")[1:] if argument.startswith("-Wl,") else [argument]
        tools = os.path.dirname(program)
        value_of = None
        for word in words:
            if value_of:
                word, value_of = value_of + word, None
            elif word in ("-l", "-L", "-B", "-T"):
                value_of = word
                continue
            wrong = self._wrong_in_link(word, tools)
            if wrong:
                self.problem(wrong, who)

    def _wrong_in_link(self, word, tools):
        library = re.fullmatch(r"(?:-l|--library=)(.+)", word)
        if library:
            return "" if library[1] in ALLOWED_LIBRARIES else "links the machine's library %s" % word
        folder = re.fullmatch(r"(?:-L|--library-path=)(.*)", word)
        if folder:
            inside = folder[1] and not folder[1].startswith(("/", ".."))
            return "" if inside else "looks for libraries in %s" % (folder[1] or "nothing")
        # Where the compiler itself is, there are its linker and assembler.
        if word.startswith("-B"):
            return "" if word[2:] == tools else "looks for start files in %s" % word[2:]
        if word.startswith("-fuse-ld=/") and os.path.dirname(word[len("-fuse-ld="):]) == tools:
            return ""
        path = re.fullmatch(r"(?:-T|--?[\w-]+=)?(\.{0,2}/.*)", word)
        if path and (path[1].startswith("/") or os.path.normpath(path[1]).startswith("..")):
            return "links %s" % word
        parts = word.split("/")
        if parts[0] == "external" and parts[1] not in self._repositories:
            return "links %s, which is of no pinned archive" % word
        return ""

    def result(self, dynamic_section, who):
        """What `readelf -d` says of a program or shared object."""
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic_section):
            if not ALLOWED_NEEDED.fullmatch(name):
                self.problem("%s has to be there where it runs" % name, who)
        for folders in re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", dynamic_section):
            for folder in folders.split(":"):
                if not folder.startswith("$ORIGIN"):
                    self.problem("looks for its libraries in '%s'" % folder, who)


def run(command):
    """The output of a command, None if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env=dict(os.environ, LC_ALL="C"), check=False)
    return done.stdout if done.returncode == 0 else None


def pinned_repositories(workspace):
    """Names of the archives in third_party/archives.bzl."""
    with open(os.path.join(workspace, "third_party/archives.bzl"), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "ARCHIVES":
            return set(ast.literal_eval(node.value))
    raise ValueError("no ARCHIVES in third_party/archives.bzl")


def option(arguments, name):
    """The word behind the last such option, or None. (bash's -c may be the first.)"""
    for i in reversed(range(len(arguments) - 1)):
        if arguments[i] == name:
            return arguments[i + 1]
    return None


def expanded(action):
    """An action's arguments with its parameter files in their place."""
    files = {file["execPath"]: file.get("arguments", []) for file in action.get("paramFiles", [])}
    arguments = []
    for argument in action.get("arguments", []):
        if argument.startswith("@") and argument[1:] not in files:
            raise ValueError("no text of the parameter file %s" % argument[1:])
        arguments += files[argument[1:]] if argument.startswith("@") else [argument]
    return arguments


def check_compile(checker, arguments, who, execution_root):
    """Whether the action has run; then what it has read is checked."""
    checker.compile_command(arguments, who)
    output, depfile = option(arguments, "-o"), option(arguments, "-MF")
    if not os.path.exists(os.path.join(execution_root, output or "")):
        return False
    try:
        with open(os.path.join(execution_root, depfile or ""), encoding="utf-8") as file:
            names = dependencies(file.read())
    except (OSError, ValueError) as error:
        checker.problem("no account of what was read: %s" % error, who)
        return True
    if not names:
        checker.problem("the dependency file %s is empty" % depfile, who)
    for name in names:
        checker.file(name, who)
    return True


def check_link(checker, arguments, who, execution_root):
    """Whether the action has run; then its result is checked too."""
    checker.link_command(arguments, who)
    path = os.path.join(execution_root, option(arguments, "-o") or "")
    if not os.path.isfile(path):
        return False
    section = run(["readelf", "-dW", path])
    if section is None:
        checker.problem("readelf (of binutils) cannot read %s" % path, who)
    else:
        checker.result(section, who)
    return True


def check_actions(graph, checker, execution_root):
    """Goes through an action graph. Returns how many of which kind were looked at."""
    labels = {target["id"]: target["label"] for target in graph.get("targets", [])}
    counts = collections.Counter()
    for action in graph.get("actions", []):
        arguments = expanded(action)
        if not arguments:
            continue
        who = labels.get(action.get("targetId"), "?")
        source = option(arguments, "-c")
        mnemonic = action["mnemonic"]
        checker.command(arguments, who)
        if mnemonic in COMPILE_MNEMONICS and source:
            ran = check_compile(checker, arguments, "%s (%s)" % (who, source), execution_root)
            counts["compilations" if ran else "not run"] += 1
        elif mnemonic == "CppLink":
            ran = check_link(checker, arguments, who, execution_root)
            counts["links" if ran else "not run"] += 1
        else:
            counts["other commands"] += 1
    return counts


def report(checker, counts):
    """Prints what was found. Returns the exit code."""
    for sentence, who in checker.problems.items():
        more = len(who) - 3
        print("%s: %s%s" % (sentence, ", ".join(who[:3]), " and %d more" % more if more > 0 else ""),
              file=sys.stderr)
    print("%d compilations have read %s" % (counts["compilations"], ", ".join(
        "%d files of %s" % (number, origin) for origin, number in sorted(checker.read.items()))))
    print("%d links, %d other commands, %d compilations and links that no target needed" % (
        counts["links"], counts["other commands"], counts["not run"]))
    if not counts["compilations"] or not counts["links"]:
        print("nothing has been built: nothing was checked", file=sys.stderr)
        return 1
    if checker.problems:
        print("%d things are read or wanted that the build must not depend on" % len(checker.problems),
              file=sys.stderr)
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--execution-root", required=True)
    parser.add_argument("--output-base", required=True)
    parser.add_argument("actions")
    options = parser.parse_args()
    has_dpkg = run(["dpkg-query", "-W", "libc6-dev"]) is not None
    if not has_dpkg:
        print("no dpkg: files are told by their folders and names")
    checker = Checker(
        DebianFiles(run) if has_dpkg else FilesByName(),
        pinned_repositories(options.workspace) | BAZEL_REPOSITORIES,
        lambda path: os.path.realpath(os.path.join(options.execution_root, path)),
        [os.path.realpath(options.workspace), os.path.realpath(options.output_base)])
    with open(options.actions, encoding="utf-8") as file:
        counts = check_actions(json.load(file), checker, options.execution_root)
    return report(checker, counts)


if __name__ == "__main__":
    sys.exit(main())
