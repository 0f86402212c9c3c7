#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plugin folders with files that are not plugins, are damaged, or crash their loader: a
pipeline that does not need them runs, and `weir plugins` prints one line for each. And the
order of plugin folders."""

import os
import pathlib
import random
import re
import shutil
import struct
import time

import harness

PIPELINE = """source { name: "in" type: "steady" }
sink { name: "out" type: "stdout" input: "in" }
"""
# The plugin folder that belongs to the program.
OWN_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(harness.WEIR))),
                          "lib/weir/plugins")
RECORDS = 1000  # that the source 'steady' emits

# A build of tools/coverage reports each damaged file of counters on stderr.
os.environ["GCOV_ERROR_FILE"] = os.devnull


class PluginFilesTest(harness.WeirTest):

    def setUp(self):
        super().setUp()
        self.plugins = os.path.join(self.folder, "plugins")
        os.mkdir(self.plugins)
        self.copy(harness.runfile("tests/plugins/steady.so"), "steady.so")
        self.copy(os.path.join(harness.PLUGINS, "weir_sink_stdout.so"), "weir_sink_stdout.so")

    def copy(self, source, name):
        path = os.path.join(self.plugins, name)
        shutil.copy(source, path)
        os.chmod(path, 0o755)
        return path

    def write_plugin(self, name, content):
        pathlib.Path(self.plugins, name).write_bytes(content)

    def weir_with(self, command, *arguments):
        return self.weir(command, *arguments, "--plugin_path=" + self.plugins)

    def run_pipeline(self, text=PIPELINE):
        return self.weir_with("run", "--config=" + self.write("p.textproto", text))

    def assert_runs(self):
        weir = self.run_pipeline()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(len(weir.stdout().splitlines()), RECORDS)
        config = "--config=" + os.path.join(self.folder, "p.textproto")
        for command in ("validate", "doctor"):
            weir = self.weir_with(command, config)
            self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        return weir

    def lines_about_own_files(self, weir):
        """The lines on stderr, without those about files of weir's own folder: such a file is not
        used if a file of the test has its type."""
        return [line for line in weir.stderr().splitlines()
                if not line.startswith("weir: plugin '") or
                line.startswith(f"weir: plugin '{self.plugins}/")]

    def refused(self):
        """Runs `weir plugins`. Returns file name -> reason of the refused files. Fails unless
        the sound files are listed too."""
        weir = self.weir_with("plugins")
        self.assertEqual(weir.wait(), harness.EXIT_FAILED, weir.stderr())
        self.assertRegex(weir.stdout(), r"(?m)^source +steady ")
        self.assertRegex(weir.stdout(), r"(?m)^sink +stdout ")
        reasons = {}
        for line in self.lines_about_own_files(weir):
            # A sanitizer also reports the crash of a child.
            if os.environ.get("WEIR_SANITIZER") and not line.startswith("weir: plugin '"):
                continue
            self.assertTrue(line.startswith("weir: plugin '"), line)
            path, _, reason = line.removeprefix("weir: plugin '").partition("': ")
            self.assertNotIn(path, reasons, "more than one line")
            reasons[os.path.basename(path)] = reason
        return reasons

    def test_bad_files_that_are_not_needed_do_not_stop_a_pipeline(self):
        sound = pathlib.Path(self.plugins, "steady.so").read_bytes()
        for name in ("aborts", "hangs"):
            self.copy(harness.runfile(f"tests/plugins/{name}.so"), name + ".so")
        self.write_plugin("cut.so", sound[:len(sound) // 2])
        self.write_plugin("empty.so", b"")
        self.write_plugin("text.so", b"#!/bin/sh\n" + b"exit 0\n" * 100)
        self.write_plugin("other_machine.so", sound[:18] + struct.pack("<H", 2) + sound[20:])
        os.mkfifo(os.path.join(self.plugins, "fifo.so"))
        os.mkdir(os.path.join(self.plugins, "folder.so"))
        os.symlink("nowhere", os.path.join(self.plugins, "link.so"))
        self.assert_runs()
        reasons = self.refused()
        self.assertEqual(sorted(reasons), sorted(name + ".so" for name in (
            "aborts", "hangs", "cut", "empty", "text", "other_machine", "fifo", "folder", "link")))
        self.assertEqual(reasons["aborts.so"], "while it is loaded: crashed: SIGABRT (Aborted)")
        self.assertEqual(reasons["hangs.so"], "while it is loaded: did not return within 10s")
        self.assertRegex(reasons["cut.so"], r"^is truncated: it has \d+ bytes, and its ")
        self.assertEqual(reasons["empty.so"], "is empty")
        self.assertRegex(reasons["text.so"], "^is not a shared object: ")
        self.assertRegex(reasons["other_machine.so"], "^is for another machine: ELF machine 2,")
        for name in ("fifo.so", "folder.so"):
            self.assertEqual(reasons[name], "is not a regular file")
        self.assertEqual(reasons["link.so"], "cannot be read: No such file or directory")

    def test_describe_opens_only_the_file_named_after_the_type(self):
        self.copy(harness.runfile("tests/plugins/hangs.so"), "a_hangs.so")
        begun = time.monotonic()
        weir = self.weir_with("describe", "stdout")
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertIn("weir.sinks.Stdout", weir.stdout())
        self.assertLess(time.monotonic() - begun, 10, "it waited for the file that hangs")

    def test_control_characters_of_file_names_are_escaped(self):
        name = "\x1b]0;title\x07\nsource     mine\x9b31m.so"
        self.write_plugin(name, b"no plugin")
        weir = self.weir_with("plugins")
        self.assertEqual(weir.wait(), harness.EXIT_FAILED)
        self.assertEqual(len(self.lines_about_own_files(weir)), 1, weir.stderr())
        shown = r"\x1b]0;title\x07\x0asource     mine\xc2\x9b31m.so"
        self.assertIn(shown + "': is not a shared object", weir.stderr())
        os.remove(os.path.join(self.plugins, name))
        self.copy(harness.runfile("tests/plugins/steady.so"), name)
        os.remove(os.path.join(self.plugins, "steady.so"))
        for command in (("plugins",), ("version", "--verbose")):
            weir = self.weir_with(*command)
            self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
            self.assertIn(shown, weir.stdout())
            self.assertFalse(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", weir.stdout()), weir.stdout())
        weir = self.run_pipeline()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertNotIn("\x1b", weir.stderr())

    def test_a_type_that_no_usable_file_has(self):
        self.copy(harness.runfile("tests/plugins/aborts.so"), "mine.so")
        path = self.copy(os.path.join(harness.PLUGINS, "weir_transform_filter.so"), "x.so")
        weir = self.run_pipeline(PIPELINE.replace("stdout", "filtr"))
        self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE)
        self.assertRegex(weir.stderr(), r"there is no sink type 'filtr' \(there are file, .*stdout\)")
        self.assertIn("note: plugin '%s/mine.so': while it is loaded: crashed: SIGABRT" %
                      self.plugins, weir.stderr())
        # The type is found although the file is not named after it.
        weir = self.run_pipeline(PIPELINE.replace("stdout", "filter"))
        self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE)
        self.assertIn("it is the type of a transform", weir.stderr())
        os.remove(path)

    def test_a_needed_file_is_logged_before_it_is_loaded(self):
        os.remove(os.path.join(self.plugins, "steady.so"))
        path = self.copy(harness.runfile("tests/plugins/aborts.so"), "weir_source_steady.so")
        weir = self.run_pipeline()
        self.assertEqual(weir.wait(), -6)
        self.assertIn(f"opening plugin '{path}'", weir.stderr())
        weir = self.weir_with("validate", "--config=" + os.path.join(self.folder, "p.textproto"))
        self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE)
        self.assertIn("weir_source_steady.so': while it is loaded: crashed: SIGABRT", weir.stderr())
        os.truncate(path, os.path.getsize(path) // 2)
        weir = self.run_pipeline()
        self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE)
        self.assertIn("weir_source_steady.so': is truncated", weir.stderr())

    def test_only_needed_plugins_are_loaded(self):
        for name in os.listdir(harness.PLUGINS):
            if name.endswith(".so"):
                self.copy(os.path.join(harness.PLUGINS, name), name)
        weir = self.run_pipeline(PIPELINE.replace('sink {', """transform { name: "gate" type: "filter" input: "in"
  config { [weir/weir.transforms.Filter] { expression: "bytes >= 0" } } }
sink {""").replace('input: "in" }\n', 'input: "gate" }\n'))
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        opened = [line.rpartition("/")[2] for line in weir.stderr().splitlines()
                  if "opening plugin" in line]
        self.assertEqual(sorted(opened), ["weir_sink_stdout.so'", "weir_transform_filter.so'"])

    def test_of_two_files_with_a_type_the_one_named_after_it_is_used(self):
        self.copy(os.path.join(harness.PLUGINS, "weir_sink_stdout.so"), "a.so")
        weir = self.assert_runs()
        reasons = self.refused()
        self.assertEqual(reasons, {"a.so": "component 'stdout' already exists in plugin '%s'" %
                                   os.path.join(self.plugins, "weir_sink_stdout.so")})
        os.remove(os.path.join(self.plugins, "weir_sink_stdout.so"))
        weir = self.run_pipeline()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())

    def test_named_folders_come_before_weir_s_own(self):
        own = os.path.join(self.plugins, "weir_sink_stdout.so")
        weirs = os.path.join(OWN_FOLDER, "weir_sink_stdout.so")
        opening = "opening plugin '%s'"
        weir = self.run_pipeline()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertIn(opening % own, weir.stderr())
        # A file that is not used because of that is no error, and is named.
        weir = self.weir_with("plugins")
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertEqual(weir.stderr(), f"weir: plugin '{weirs}': component 'stdout' already exists in "
                                        f"plugin '{own}'\n")
        self.assertIn(own, weir.stdout())
        self.assertIn(os.path.join(OWN_FOLDER, "weir_sink_file.so"), weir.stdout())
        # Types that are in no named folder come from weir's own.
        os.remove(own)
        weir = self.run_pipeline()
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assertIn(opening % weirs, weir.stderr())

    def test_who_names_weir_s_own_folder_decides_its_place(self):
        self.copy(os.path.join(harness.PLUGINS, "weir_sink_stdout.so"), "weir_sink_stdout.so")
        for folder in (OWN_FOLDER, OWN_FOLDER + "/../plugins/"):
            weir = self.weir("plugins", f"--plugin_path={folder}:{self.plugins}")
            self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
            self.assertEqual(len(weir.stderr().splitlines()), 1, weir.stderr())
            self.assertIn(f"plugin '{self.plugins}/weir_sink_stdout.so': component 'stdout' already "
                          "exists in plugin", weir.stderr())

    def test_a_program_without_a_folder_of_its_own(self):
        program = os.path.join(self.folder, "weir")
        shutil.copy(harness.WEIR, program)
        weir = self.weir("plugins", "--plugin_path=" + self.plugins, program=program)
        self.assertEqual((weir.wait(), weir.stderr()), (harness.EXIT_CLEAN, ""))
        weir = self.weir("plugins", program=program)
        self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE)
        self.assertIn("lib/weir/plugins': No such file", weir.stderr())

    def test_damaged_headers(self):
        sound = pathlib.Path(self.plugins, "steady.so").read_bytes()
        # The size of the ELF header (64 bytes) and the program headers (56 bytes each).
        size = 64 + 56 * struct.unpack_from("<H", sound, 56)[0]
        numbers = random.Random(6)
        for i in range(300):
            damaged = bytearray(sound)
            for _ in range(numbers.randint(1, 4)):
                damaged[numbers.randrange(size)] = numbers.randrange(256)
            self.write_plugin(f"z{i:03}.so", damaged)
        self.assert_runs()
        reasons = self.refused()
        # Files with harmless damage are refused because their type already exists.
        self.assertEqual(len(reasons), 300)
        died = [reason for reason in reasons.values() if "while it is loaded" in reason]
        self.assertLess(len(died), 10, died)


if __name__ == "__main__":
    harness.main()
