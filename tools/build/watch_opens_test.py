#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""watch_opens.py reports every file that any process opens, and nothing else."""

import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "watch_opens.py")


class WatchOpensTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = folder.name
        os.makedirs(os.path.join(self.top, "watched/below/further"))
        os.mkdir(os.path.join(self.top, "beside"))
        for name in ["watched/one", "watched/never", "watched/below/further/two", "beside/three"]:
            with open(os.path.join(self.top, name), "w") as file:
                file.write(name)

    def path(self, name):
        return os.path.join(self.top, name)

    def opened_while(self, *commands):
        """What is told of the commands, each a list, which run one after the other."""
        with subprocess.Popen([sys.executable, PROGRAM, self.path("watched")],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watch:
            self.assertEqual(watch.stdout.readline(), "watching 3 folders\n")
            for command in commands:
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            said, _ = watch.communicate()
        self.assertEqual(watch.returncode, 0)
        return said.splitlines()

    def test_tells_of_files_at_any_depth_once(self):
        cat = ["cat", self.path("watched/one"), self.path("watched/below/further/two")]
        self.assertEqual(self.opened_while(cat, cat), cat[1:])

    def test_tells_of_a_folder_that_is_listed(self):
        self.assertIn(self.path("watched/below") + "/",
                      self.opened_while(["ls", self.path("watched/below")]))

    def test_tells_of_a_file_opened_by_another_name(self):
        os.link(self.path("watched/one"), self.path("beside/link"))
        os.symlink(self.path("watched"), self.path("beside/folder"))
        self.assertEqual(self.opened_while(["cat", self.path("beside/folder/one")]),
                         [self.path("watched/one")])

    def test_is_silent_of_what_is_only_looked_at_or_beside(self):
        self.assertEqual(self.opened_while(["stat", self.path("watched/one")],
                                           ["cat", self.path("beside/three")]), [])

    def test_a_folder_that_is_not_there_is_an_error(self):
        # A check that watches nothing would find nothing.
        result = subprocess.run([sys.executable, PROGRAM, self.path("absent")],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("absent", result.stderr)


if __name__ == "__main__":
    unittest.main()
