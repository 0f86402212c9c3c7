#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is installed beside the program: the manual pages say what the program says, and
are well formed; bash completes what there is."""

import glob
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import unittest

import harness

COMPLETION = os.path.join(harness.TREE, "share/bash-completion/completions/weir")
MANUALS = sorted(glob.glob(os.path.join(harness.TREE, "share/man/man?/*")))


def need(program, package):
    if not shutil.which(program):
        raise unittest.SkipTest(f"SKIPPED: needs {program} (Debian's package {package})")


def commands():
    """The names that `weir --help` lists."""
    text = harness.run(harness.WEIR, "--help").partition("Commands:\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in text.splitlines()]


def flags_of(*command):
    """The flags in a --help, as "--name=" or "--name"."""
    text = harness.run(harness.WEIR, *command, "--help")
    found = [line.strip() for line in text.splitlines() if line.startswith("  --")]
    return {flag.partition("=")[0] + flag.partition("=")[1] for flag in found}


class ManualTest(harness.WeirTest):

    def rendered(self, name):
        need("man", "man-db")
        [path] = [path for path in MANUALS if os.path.basename(path) == name]
        return harness.run("man", "-l", path, env=dict(os.environ, MANWIDTH="500", LC_ALL="C.UTF-8",
                                                       MAN_KEEP_FORMATTING=""))

    def test_both_are_there(self):
        self.assertEqual([os.path.basename(path) for path in MANUALS],
                         ["weir.1", "weir.textproto.5"])

    def test_groff_has_no_warning(self):
        need("man", "man-db")
        for path in MANUALS:
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l", path],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                  env=dict(os.environ, LC_ALL="C.UTF-8", MANROFFSEQ="", MANWIDTH="80"),
                                  timeout=harness.DEADLINE_SECONDS, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), path)

    def test_mandoc_has_no_warning(self):
        need("mandoc", "mandoc")
        for path in MANUALS:
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], capture_output=True,
                                  text=True, timeout=harness.DEADLINE_SECONDS, check=False)
            # The build has no date.
            rest = [line for line in done.stdout.splitlines()
                    if 'WARNING: missing date, using "": TH' not in line]
            self.assertEqual((rest, done.stderr), ([], ""))

    def test_the_program_s_page_says_what_help_says(self):
        text = " ".join(self.rendered("weir.1").split())
        wanted = [line for line in harness.run(harness.WEIR, "--help").splitlines() if line]
        for command in commands():
            wanted += harness.run(harness.WEIR, command, "--help").splitlines()
        checked = 0
        for line in wanted:
            # Layout is the only thing that may differ.
            line = " ".join(line.replace("`", "").split())
            if line.startswith(("Usage:", "Flags", "Commands:", "Exit codes:",
                                "weir COMMAND --help")) or not line:
                continue
            name, _, rest = line.partition(" ")
            if name in commands() or name.isdigit():
                line = rest.strip()
            self.assertIn(line, text)
            checked += 1
        self.assertGreater(checked, 20)

    def test_the_file_s_page_has_every_component_and_field(self):
        text = self.rendered("weir.textproto.5")
        plain = " ".join(text.split())
        types = 0
        for line in harness.run(harness.WEIR, "plugins").splitlines():
            if line.startswith(" "):
                continue
            kind, name, summary = line.split(None, 2)
            types += 1
            self.assertIn(f"{kind} {name} {summary}", plain)
            described = harness.run(harness.WEIR, "describe", name)
            # A source and a sink may have one name: then it describes both.
            for part in re.split(r"(?ms)^\w+ \w+: .*?^Plugin: [^\n]*\n", described):
                self.assertIn(" ".join(part.split()), plain)
        self.assertGreaterEqual(types, 6)
        self.assertNotIn("Plugin:", text)
        # The introduction and the schema.
        self.assertIn("${VAR:-default}", text)
        self.assertIn("message Pipeline {", text)

    def test_nothing_of_the_build_s_place_or_time_is_in_them(self):
        for path in MANUALS + [COMPLETION]:
            text = pathlib.Path(path).read_text(encoding="utf-8")
            for word in ("bazel", "k8-", "/tmp", os.path.expanduser("~")):
                self.assertNotIn(word, text)


class CompletionTest(harness.WeirTest):

    def complete(self, *words, program=harness.WEIR):
        """What bash is offered for the last of `words`, which are as bash splits them."""
        script = r"""
          source "$1"; shift
          COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
          compopt() { printf 'compopt %s\n' "$*"; }
          _weir "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
          printf '%s\n' "${COMPREPLY[@]}"
        """
        done = subprocess.run(["bash", "--norc", "-uc", script, "bash", COMPLETION, program, *words],
                              text=True, capture_output=True, timeout=harness.DEADLINE_SECONDS,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return set(done.stdout.split("\n")) - {""}

    def test_commands(self):
        self.assertEqual(self.complete(""), set(commands()))
        self.assertEqual(self.complete("val"), {"validate"})
        self.assertEqual(self.complete("--log_level", "=", "debug", "ru"), {"run"})
        self.assertEqual(self.complete("--log_level", "debug", "ru"), {"run"})

    def test_flags_are_those_of_help(self):
        self.assertEqual(self.complete("--"), flags_of() | {"--help"})
        for command in commands():
            self.assertEqual(self.complete(command, "--"), flags_of(command) | {"--help"}, command)
        self.assertEqual(self.complete("run", "--con"), {"compopt -o nospace", "--config="})

    def test_words_that_a_flag_takes(self):
        for flag, command in (("log_level", ["plugins"]),
                              ("depth", ["validate", "--config=" + SOUND])):
            for typed in (["--" + flag, "=", ""], ["--" + flag, "="], ["--" + flag, ""],
                          ["-" + flag, "="]):
                words = self.complete(command[0], *typed)
                self.assertGreaterEqual(len(words), 2)
            for word in words:
                harness.run(harness.WEIR, *command, f"--{flag}={word}")

    def test_files_and_folders_are_left_to_the_shell(self):
        self.assertEqual(self.complete("run", "--config", "=", "ex"), {"compopt -o default"})
        self.assertEqual(self.complete("run", "--config", ""), {"compopt -o default"})
        for command in ("run", "validate", "doctor", "plugin-test"):
            self.assertEqual(self.complete(command, "my"), {"compopt -o default"})
        for typed in (["=", "li"], ["=", "lib", ":", "sh"], ["=", "lib", ":"]):
            self.assertEqual(self.complete("run", "--plugin_path", *typed), {"compopt -o dirnames"})
        self.assertEqual(self.complete("run", "--drain_timeout", "="), set())

    def test_component_types_are_those_of_the_plugins(self):
        types = {line.split()[1] for line in harness.run(harness.WEIR, "plugins").splitlines()
                 if not line.startswith(" ")}
        self.assertGreaterEqual(len(types), 6)
        self.assertEqual(self.complete("describe", ""), types)
        self.assertEqual(self.complete("describe", "ebpf_m"), {"ebpf_map"})
        self.assertEqual(self.complete("fields", "sr"), {"src_addr", "src_mac", "src_port"})
        # A program with one plugin in its folder, and one in a folder of --plugin_path.
        program = os.path.join(self.folder, "bin/weir")
        for name, folder in (("bin/weir", "bin"),
                             ("lib/weir/plugins/weir_sink_stdout.so", "lib/weir/plugins"),
                             ("lib/weir/plugins/weir_sink_file.so", "more")):
            os.makedirs(os.path.join(self.folder, folder))
            shutil.copy(os.path.join(harness.TREE, name), os.path.join(self.folder, folder))
        self.assertEqual(self.complete("describe", "", program=program), {"stdout"})
        self.assertEqual(self.complete("--plugin_path", "=", os.path.join(self.folder, "more"),
                                       "describe", "", program=program), {"file", "stdout"})
        # Without plugins, or a program, there is nothing to offer, and nothing is said.
        self.assertEqual(self.complete("describe", "", program="/does/not/exist"), set())

    def test_a_terminal(self):
        self.write("sound.textproto", "")
        os.mkdir(os.path.join(self.folder, "so"))
        for typed, shown in (("weir desc\tebpf_m\t", "weir describe ebpf_map "),
                             ("weir run --con\tsound\t", "weir run --config=sound.textproto "),
                             ("weir plugins --plu\tso\t", "weir plugins --plugin_path=so/"),
                             ("weir validate --depth=se\t", "weir validate --depth=setup ")):
            self.assertIn(shown, self.type(typed))

    def type(self, text):
        """What an interactive bash shows after `text` was typed."""
        environment = {"PATH": os.path.dirname(harness.WEIR) + ":" + os.environ["PATH"], "PS1": "$ ",
                       "TERM": "dumb", "HOME": self.folder, "INPUTRC": "/dev/null"}
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        self.addCleanup(os.close, terminal)
        # The last Ctrl-A and # make a comment of the line, and it is echoed whole.
        os.write(terminal, f"source {COMPLETION}\n{text}\x01#\necho en''d\nexit\n".encode())
        shown = b""
        try:
            while select.select([terminal], [], [], harness.DEADLINE_SECONDS)[0]:
                chunk = os.read(terminal, 65536)
                if not chunk:
                    break
                shown += chunk
        except OSError:
            pass  # EIO: bash has ended
        os.waitpid(pid, 0)
        self.assertIn(b"end", shown)
        return shown.decode(errors="replace").replace("\x07", "")

    def test_shellcheck_has_nothing_to_say(self):
        need("shellcheck", "shellcheck")
        harness.run("shellcheck", COMPLETION)


SOUND = os.path.join(harness.EXAMPLES, "recording.textproto")


if __name__ == "__main__":
    harness.main()
