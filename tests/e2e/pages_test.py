#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command and every configuration of the documentation works. pages.py says how a page
tells the test what to do with a block. Commands run in an installed tree that was moved, as a
user has it, in network namespaces of the test."""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import harness
import pages

ROOT = pathlib.Path(harness.runfile(""))
PAGES = sorted(["README.md", "CONTRIBUTING.md"] +
               [os.path.relpath(path, ROOT) for path in glob.glob(str(ROOT / "docs/**/*.md"), recursive=True)])

# Libraries that a block can need beside programs.
LIBRARIES = {"gRPC": harness.GRPC, "GoogleTest": os.path.exists("/usr/include/gtest/gtest.h")}

# What the shell of a page begins with. `run_until` runs a command until its output has a text.
PRELUDE = r"""
set -euo pipefail
run_until() {
  local text="$1" command="$2" output="$3" pid i
  bash -c "exec $command" & pid=$!
  for ((i = 0; i < 1200; ++i)); do
    if grep -qF -- "$text" "$output" || ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.05
  done
  grep -qF -- "$text" "$output" || { echo "'$text' never appeared"; kill "$pid" || true; return 1; }
  kill -TERM "$pid"
  wait "$pid"
}
"""


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def step(block, folder):
    """What the shell runs for a block; its output is in `folder`/LINE."""
    output = f"{folder}/{block.line}"
    if block.until:
        body = f"run_until {quoted(block.until)} {quoted(block.text.strip())} {quoted(output)}\n"
    elif block.terminal:
        body = f"script -qefc {quoted(block.text)} /dev/null\n"
    else:
        body = block.text
    return f"echo {block.line} >{quoted(folder)}/line\n{{\n{body}}} >{quoted(output)} 2>&1\n"


class PagesTest(harness.WeirTest):

    @classmethod
    def setUpClass(cls):
        # As tools/install does it, and then moved.
        cls.top = os.environ["TEST_TMPDIR"]
        first = os.path.join(cls.top, "installed")
        harness.run(harness.runfile("tools/build/install_tree"), harness.TREE, first, first)
        cls.prefix = os.path.join(cls.top, "moved")
        os.rename(first, cls.prefix)
        cls.why_not_root = harness.why_no_namespaces()
        if not cls.why_not_root and not harness.is_alone():
            cls.why_not_root = "this machine makes no namespaces for a process"
        if not cls.why_not_root:
            harness.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
            for link in ("eth0", "eth1"):
                harness.run("ip", "link", "set", link, "up")

    def why_not(self, block, needs=()):
        """Why a block cannot be run here; empty if it can."""
        if block.skip:
            return block.skip
        if block.root and self.why_not_root:
            return self.why_not_root
        for name in needs + block.needs:
            there = LIBRARIES[name] if name in LIBRARIES else shutil.which(name)
            if not there:
                return f"needs {name}"
        if block.language == "textproto" and 'type: "grpc"' in block.text and not harness.GRPC:
            return "weir was built without gRPC"
        return ""

    def skip_block(self, page, block, reason):
        with self.subTest(line=block.line):
            self.skipTest(f"SKIPPED: {page}:{block.line}: {reason}")

    def environment(self):
        return {"PATH": os.path.join(self.prefix, "bin") + ":" + os.environ["PATH"], "HOME": self.folder,
                "LC_ALL": "C.UTF-8", "TERM": "dumb", "PREFIX": self.prefix,
                "CAPTURE": os.path.join(self.prefix, "share/weir/examples/sample.pcap"),
                "PKG_CONFIG_PATH": os.path.join(self.prefix, "share/pkgconfig")}

    def check_pipelines(self, page, found, cwd):
        for block in (block for block in found if block.language == "textproto"):
            reason = self.why_not(block)
            if reason:
                self.skip_block(page, block, reason)
                continue
            path = os.path.join(cwd, block.file or f"block-{block.line}.textproto")
            pathlib.Path(path).write_text(pages.completed(block.text) if block.stage else block.text,
                                          encoding="utf-8")
            done = subprocess.run([self.prefix + "/bin/weir", "validate", "--config=" + path],
                                  env=self.environment(), text=True, capture_output=True,
                                  timeout=harness.DEADLINE_SECONDS, check=False)
            with self.subTest(line=block.line):
                self.assertEqual(done.returncode, harness.EXIT_CLEAN, f"{page}:{block.line}: {done.stderr}")
                self.assertEqual(block.text, harness.run(self.prefix + "/bin/weir", "fmt", "-", input=block.text),
                                 f"{page}:{block.line}: not in the layout of weir fmt")

    def run_commands(self, page, found, needs, cwd):
        output = os.path.join(self.folder, "output")
        os.mkdir(output)
        script, ran = PRELUDE, []
        for block in (block for block in found if block.language == "sh"):
            reason = self.why_not(block, needs)
            if reason:
                self.skip_block(page, block, reason)
                continue
            text = block.text.replace("export PREFIX=/usr/local\n", f"export PREFIX={self.prefix}\n")
            script += step(pages.dataclasses.replace(block, text=text), output)
            ran.append(block.line)
        if not ran:
            return
        # In a session of its own, so that nothing that a page leaves behind survives.
        with open(os.path.join(self.folder, "shell"), "wb") as log:
            shell = subprocess.Popen(["bash", "-c", script], cwd=cwd, env=self.environment(), stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log, start_new_session=True)
        try:
            code = shell.wait(timeout=2 * harness.DEADLINE_SECONDS)
        finally:
            harness.end_session(shell.pid)
        line = pathlib.Path(output, "line").read_text().strip()
        shown = pathlib.Path(output, line).read_text(errors="replace") + pathlib.Path(self.folder, "shell").read_text()
        self.assertEqual(code, 0, f"{page}:{line}: exit code {code}:\n{shown}")
        self.check_shown(page, found, set(ran), output)

    def check_shown(self, page, found, ran, output):
        last = None
        for block in found:
            if block.language == "sh":
                last = block.line
            elif block.shows and last in ran:
                shown = pathlib.Path(output, str(last)).read_text(errors="replace")
                missing = pages.missing_line(block.text, shown)
                self.assertIsNone(missing, f"{page}:{block.line}: not in the output:\n{shown}")

    def check_page(self, page):
        text = read(page)
        found = pages.blocks(text)
        # A page outside of docs/ is read at the top of a checkout.
        cwd = os.path.join(self.folder, "here")
        os.mkdir(cwd)
        if "/" not in page:
            os.symlink(os.path.join(self.prefix, "share/weir/examples"), os.path.join(cwd, "examples"))
        self.check_pipelines(page, found, cwd)
        self.run_commands(page, found, pages.page_needs(text), cwd)

    def test_commands_of_tools_in_readme_are_run_by_ci(self):
        ci = read("tools/ci") + read("tools/build/readme_check")
        self.assertIn("tools/build/readme_check", ci)
        chosen = {line.split()[0] for block in pages.blocks(read("README.md")) if block.skip
                  for line in block.text.splitlines() if line}
        self.assertEqual(chosen, {"tools/run", "tools/test"})
        for command in chosen:
            self.assertRegex(ci, rf"(?m)(^|[ (]){re.escape(command)}( |$)")


def _add_tests():
    for page in PAGES:
        if pages.blocks(read(page)):
            name = "test_" + re.sub(r"\W+", "_", page.removesuffix(".md"))
            setattr(PagesTest, name, lambda self, page=page: self.check_page(page))


class PagesThemselvesTest(unittest.TestCase):
    """The rules of pages.py, on pages that break them."""

    def wrong(self, text):
        with self.assertRaises(pages.PageError) as caught:
            pages.blocks(text)
        return str(caught.exception)

    def test_a_block_says_what_it_is(self):
        self.assertIn("1: a code block without a language", self.wrong("```\nls\n```\n"))
        self.assertIn("2: a code block without an end", self.wrong("\n```sh\nls\n"))
        self.assertIn("does not know the language 'bash'", self.wrong("```bash\nls\n```\n"))
        self.assertIn("does not know 'fast'", self.wrong("```sh fast\nls\n```\n"))
        self.assertIn("1: no sh block that is run", self.wrong("```text shows\nx\n```\n"))
        self.assertIn("one command on one line", self.wrong("```sh until=x\na\nb\n```\n"))

    def test_words_of_a_block(self):
        [block] = pages.blocks("x\n```sh root until=ready needs=a,b\nweir run\n```\n")
        self.assertEqual((block.line, block.root, block.until, block.needs, block.text),
                         (2, True, "ready", ("a", "b"), "weir run\n"))
        [block] = pages.blocks("```sh skip: it takes a day\nx\n```\n")
        self.assertEqual(block.skip, "it takes a day")

    def test_stages_are_completed(self):
        text = pages.completed('transform { name: "a" type: "filter" input: "b" }\n')
        self.assertIn('source { name: "b"', text)
        self.assertIn('sink { name: "added" type: "stdout" input: "a" }', text)
        sink = 'sink { name: "a" type: "stdout" input: "b" }\n'
        self.assertNotIn("added", pages.completed(sink))

    def test_what_is_shown(self):
        self.assertIsNone(pages.missing_line("a b\nc ... e\n", "x\na   b\r\ny\nc d e\n"))
        self.assertEqual(pages.missing_line("b\na\n", "a\nb\n"), "a")
        self.assertEqual(pages.missing_line("a", "aa\n"), "a")


_add_tests()

if __name__ == "__main__":
    harness.main(alone=True)
