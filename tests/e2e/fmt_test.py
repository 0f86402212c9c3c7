#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir fmt` and `weir describe --example`, as users run them."""

import os
import pathlib
import signal
import socket
import stat
import subprocess
import time

import harness

MESSY = "source{name:'in' type:\"record_file\",config{path:'-'}}  # records\r\n\n\n# end"
TIDY = 'source { name: "in" type: "record_file" config { path: "-" } }  # records\n\n# end\n'


class FmtTest(harness.WeirTest):

    def fmt(self, *arguments, text=""):
        return subprocess.run([harness.WEIR, "fmt", *arguments], input=text, text=True,
                              capture_output=True, timeout=harness.DEADLINE_SECONDS, check=False)

    def file(self, name, text):
        path = pathlib.Path(self.folder, name)
        path.write_bytes(text.encode())
        return path

    def test_replaces_files_whole_and_keeps_mode_and_links(self):
        messy = self.file("messy.textproto", MESSY)
        tidy = self.file("tidy.textproto", TIDY)
        messy.chmod(0o640)
        link = pathlib.Path(self.folder, "link")
        link.symlink_to(messy)
        before = tidy.stat()
        done = self.fmt(str(link), str(tidy))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(messy.read_bytes().decode(), TIDY)
        self.assertTrue(link.is_symlink())
        self.assertEqual(stat.S_IMODE(messy.stat().st_mode), 0o640)
        # A file that has its layout is not written.
        self.assertEqual((tidy.stat().st_ino, tidy.stat().st_mtime_ns),
                         (before.st_ino, before.st_mtime_ns))
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["link", "messy.textproto", "tidy.textproto"])

    def test_check_changes_nothing(self):
        messy = self.file("messy.textproto", MESSY)
        tidy = self.file("tidy.textproto", TIDY)
        done = self.fmt("--check", str(tidy), str(messy))
        self.assertEqual((done.returncode, done.stdout), (harness.EXIT_FAILED, f"{messy}\n"))
        self.assertEqual(messy.read_bytes().decode(), MESSY)
        self.assertEqual(self.fmt("--check", str(tidy)).returncode, 0)

    def test_standard_input_goes_to_standard_output(self):
        done = self.fmt("-", text=MESSY)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, TIDY, ""))

    def test_standard_input_may_be_a_socket_and_slow_and_empty(self):
        ours, theirs = socket.socketpair()
        with ours, subprocess.Popen([harness.WEIR, "fmt", "-"], stdin=theirs, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True) as process:
            theirs.close()
            ours.sendall(MESSY[:20].encode())
            # Longer than weir waits for the writer of a FIFO that it opens.
            with self.assertRaises(subprocess.TimeoutExpired):
                process.wait(timeout=6)
            ours.sendall(MESSY[20:].encode())
            ours.shutdown(socket.SHUT_WR)
            self.assertEqual(process.communicate(timeout=harness.DEADLINE_SECONDS), (TIDY, ""))
            self.assertEqual(process.returncode, 0)
        done = self.fmt("-")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_standard_input_is_bounded(self):
        done = self.fmt("-", text="\n" * (1024 * 1024 + 1))
        self.assertEqual((done.returncode, done.stdout), (harness.EXIT_BAD_USAGE, ""))
        self.assertEqual(done.stderr,
                         "weir: standard input: the configuration is longer than 1048576 bytes\n")

    def test_a_file_that_would_become_too_long_is_not_touched(self):
        text = "sink{" + "a{b:1 c{\n}}" * 70000 + "}"
        wide = self.file("wide.textproto", text)
        done = self.fmt(str(wide))
        self.assertEqual(done.returncode, harness.EXIT_BAD_USAGE)
        self.assertRegex(done.stderr, rf"^weir: {wide}: cannot be formatted: it would be \d+ bytes long, and "
                         "weir reads no file of more than 1048576\n$")
        self.assertEqual(wide.read_text(), text)

    def test_a_signal_leaves_no_temporary_file(self):
        names = [f"{i}.textproto" for i in range(200)]
        text = MESSY + "# x\n" * 20000
        for attempt in range(20):
            for name in names:
                self.file(name, text)
            with subprocess.Popen([harness.WEIR, "fmt", *names], cwd=self.folder) as process:
                while all(pathlib.Path(self.folder, name).stat().st_size == len(text) for name in names[:3]):
                    time.sleep(0.0005)
                time.sleep(attempt / 1000)
                process.send_signal(signal.SIGINT if attempt % 2 else signal.SIGTERM)
                self.assertLess(process.wait(timeout=harness.DEADLINE_SECONDS), 0)
            self.assertEqual(sorted(os.listdir(self.folder)), sorted(names))

    def test_a_file_with_a_mistake_is_not_touched(self):
        wrong = self.file("wrong.textproto", "sink {\n  type = 'a'\n}\n")
        messy = self.file("messy.textproto", MESSY)
        done = self.fmt(str(wrong), str(messy))
        self.assertEqual(done.returncode, harness.EXIT_BAD_USAGE)
        self.assertEqual(done.stderr, f"{wrong}:2:8: sink: expected ':' or '{{' after 'type', found '='\n")
        self.assertEqual(wrong.read_text(), "sink {\n  type = 'a'\n}\n")
        self.assertEqual(messy.read_bytes().decode(), TIDY)
        self.assertEqual(self.fmt(self.folder).returncode, harness.EXIT_BAD_USAGE)
        self.assertEqual(self.fmt().returncode, harness.EXIT_BAD_USAGE)

    def test_a_file_that_is_too_long_is_not_touched(self):
        text = MESSY + "\n" * 1024 * 1024
        long = self.file("long.textproto", text)
        done = self.fmt(str(long))
        self.assertEqual(done.returncode, harness.EXIT_BAD_USAGE)
        self.assertEqual(done.stderr, f"weir: {long}: the configuration is longer than 1048576 bytes\n")
        self.assertEqual(long.read_bytes().decode(), text)

    def test_all_examples_have_their_layout(self):
        examples = [str(path) for path in pathlib.Path(harness.EXAMPLES).rglob("*.textproto")]
        self.assertGreater(len(examples), 15)
        done = self.fmt("--check", *examples)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


class ExampleTest(harness.WeirTest):

    def test_each_example_of_describe_is_a_stage_of_a_valid_pipeline(self):
        rows = [line.split() for line in harness.run(harness.WEIR, "plugins").splitlines()
                if not line.startswith(" ")]
        kinds = {name: kind for kind, name, *_ in rows}
        for name, kind in kinds.items():
            if name == "grpc" and not harness.GRPC:
                print("SKIPPED: examples with gRPC: this weir was built without")
                continue
            example = harness.run(harness.WEIR, "describe", "--example", name)
            self.assertNotIn('"..."', example)
            # A source and a sink may have the same name: then both are printed.
            if name == "grpc":
                example += 'sink { name: "out" type: "stdout" input: "my_grpc" }\n'
                example = example.replace('name: "my_grpc"', 'name: "my_grpc_sink"')
                example = example.replace('name: "my_grpc_sink"', 'name: "my_grpc"', 1)
            elif kind != "sink":
                example += f'sink {{ name: "out" type: "stdout" input: "my_{name}" }}\n'
            if kind != "source" or name == "grpc":
                example += 'source { name: "flows" type: "record_file" config { path: "-" } }\n'
            if name == "ebpf_ringbuf":
                example += ('source { name: "map" type: "ebpf_map" }\n'
                            'sink { name: "also" type: "stdout" input: "map" }\n')
            path = self.write("example.textproto", example)
            done = subprocess.run([harness.WEIR, "validate", path], text=True, capture_output=True,
                                  timeout=harness.DEADLINE_SECONDS, check=False)
            self.assertEqual(done.returncode, 0, done.stderr + example)


if __name__ == "__main__":
    harness.main()
