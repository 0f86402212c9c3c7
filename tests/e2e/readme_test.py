#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of README works: those of weir are run here, those of tools/ by
tools/ci and its readme_check, which must then name them."""

import os
import pathlib
import re
import signal
import unittest

import harness


# In the name of the example that ends by itself.
CAPTURE = "pcap"


def commands():
    """The lines of README's shell blocks, without their comments."""
    text = pathlib.Path(harness.runfile("README.md")).read_text()
    lines = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()
    return [command for command in (line.partition("#")[0].strip() for line in lines) if command]


class ReadmeTest(harness.WeirTest):

    def test_commands_of_weir(self):
        chosen = [command.split()[1:] for command in commands() if command.startswith("weir ")]
        self.assertGreaterEqual(len(chosen), 4)
        for arguments in chosen:
            if arguments[0] == "run":
                continue  # below
            weir = self.weir(*arguments, cwd=os.path.dirname(harness.EXAMPLES))
            self.assertEqual(weir.wait(), harness.EXIT_CLEAN, f"{arguments}: {weir.stderr()}")

    def test_runs_of_weir(self):
        reason = harness.why_no_namespaces()
        if reason:
            raise unittest.SkipTest("SKIPPED: " + reason)
        # On the machine's own interfaces, where it only looks.
        chosen = [command.split()[1:] for command in commands()
                  if command.startswith("weir run") and CAPTURE not in command]
        self.assertTrue(chosen)
        for arguments in chosen:
            weir = self.weir(*arguments, cwd=os.path.dirname(harness.EXAMPLES))
            weir.wait_for_log(": measuring ")
            self.assertEqual(weir.stop(signal.SIGINT), harness.EXIT_CLEAN, weir.stderr())
            self.assert_balanced(weir)

    def test_run_on_a_capture(self):
        [arguments] = [command.split()[1:] for command in commands() if CAPTURE in command]
        weir = self.weir(*arguments, cwd=os.path.dirname(harness.EXAMPLES))
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(sum(record["Packets"] for record in weir.records()), 40)

    def test_commands_of_tools_are_run_by_ci(self):
        ci = "".join(pathlib.Path(harness.runfile(path)).read_text()
                     for path in ("tools/ci", "tools/build/readme_check"))
        self.assertIn("tools/build/readme_check", ci)
        chosen = [command.split()[0] for command in commands() if not command.startswith("weir ")]
        self.assertIn("tools/run", chosen)
        self.assertIn("tools/test", chosen)
        for command in chosen:
            self.assertRegex(ci, rf"(?m)(^|[ (]){re.escape(command)}( |$)")


if __name__ == "__main__":
    harness.main()
