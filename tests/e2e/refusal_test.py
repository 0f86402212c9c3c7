#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Configurations that weir refuses: `weir validate` and `weir run` use the same words, and point at the
place in the file."""

import os
import shutil

import harness
from recorded import FILTER, NAMER, RECORDING, SINK


class RefusalTest(harness.WeirTest):

    def refused(self, text, *expected, arguments=()):
        """`weir validate` and `weir run` refuse `text` with these words and exit code 2."""
        path = self.write("bad.textproto", text)
        for command in ("validate", "run"):
            weir = self.weir(command, "--config=" + path, *arguments)
            self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE, weir.stderr())
            self.assertEqual(weir.stdout(), "")
            for words in expected:
                self.assertIn(words.replace("FILE", path), weir.stderr())

    def test_a_misspelt_field_of_a_plugin(self):
        self.refused(RECORDING % "x" + """sink { name: "console" type: "stdout" input: "recording"
  config { [weir/weir.sinks.Stdout] { fromat: JSON } } }
""", "FILE:4:39: ", "fromat", "format")

    def test_an_unknown_type(self):
        self.refused(RECORDING % "x" + 'sink { name: "s" type: "stdoot" input: "recording" }\n',
                     "FILE:3:", "stdoot", "stdout")

    def test_a_cycle(self):
        self.refused(RECORDING % "x" + """
transform { name: "a" type: "accounter" input: "recording" input: "b" }
transform { name: "b" type: "accounter" input: "a" }
sink { name: "s" type: "stdout" input: "b" }
""", "FILE:4:", "cycle", "a -> b -> a")

    def test_a_missing_input(self):
        self.refused(RECORDING % "x" + 'sink { name: "s" type: "stdout" input: "recordings" }\n',
                     "FILE:3:", "recordings", "recording")

    def test_a_wrong_duration(self):
        self.refused("""source { name: "in" type: "ebpf_map"
  config { [weir/weir.sources.EbpfMap] { cache_active_timeout: "5 bananas" } } }
sink { name: "s" type: "stdout" input: "in" }
""", "FILE:2:42: ", "cache_active_timeout", "5 bananas")

    def test_a_bad_filter_expression(self):
        path = self.write("p.textproto", RECORDING % "x" + NAMER % "recording" +
                          FILTER % "proto == tcp and dst_port == htps" +
                          SINK.replace('"name"', '"some"'))
        for command in ("validate", "run"):
            weir = self.weir(command, "--config=" + path)
            self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE, weir.stderr())
            self.assertIn(f"""{path}:6:44: transform 'some': expression: column 30: expected a port, found 'htps'
  proto == tcp and dst_port == htps
                               ^
""", weir.stderr())

    def test_all_stages_are_tried(self):
        self.refused(RECORDING % "x" + """sink { name: "s" type: "stdout" input: "b" }
transform { name: "b" type: "filter" input: "a" config { expression: "src_prt == 1" } }
transform { name: "a" type: "filter" input: "recording" config { expression: "dst_prt == 1" } }
""", """FILE:4:58: transform 'b': expression: column 1: there is no field 'src_prt'; did you mean 'src_port'?
  src_prt == 1
  ^
FILE:5:66: transform 'a': expression: column 1: there is no field 'dst_prt'; did you mean 'dst_port'?
  dst_prt == 1
  ^
""")

    def test_a_bad_regular_expression(self):
        self.refused("""source { name: "in" type: "ebpf_map"
  config { [weir/weir.sources.EbpfMap] { interfaces: "/eth(/" } } }
sink { name: "s" type: "stdout" input: "in" }
""", "FILE:2:", "interfaces", "eth(")

    def test_a_name_that_no_interface_can_have(self):
        for name, why in (("", "at least one byte"), ("averyveryverylongname0", "at most 15"),
                          ("a b", "has no space"), (" eth0", "has no space"), ("//", "expression is empty"),
                          ("eth0,eth1", "write one `interfaces` for each interface"),
                          ("any", 'write "/.*/" for all interfaces'), ("!lo", 'exclude_interfaces: "lo"'),
                          ("10.0.0.1", "this is an IP address")):
            with self.subTest(name=name):
                self.refused("""source { name: "in" type: "ebpf_map"
  config { interfaces: "eth0" interfaces: "%s" } }
sink { name: "s" type: "stdout" input: "in" }
""" % name, "FILE:2:", f"source 'in': interfaces[1]: '{name}': ", why)

    def test_what_stages_say_of_their_configuration(self):
        sink = 'sink { name: "s" type: "stdout" input: "in" }\n'
        source = 'source { name: "in" type: "%s"\n config { [weir/weir.sources.%s] { %s } } }\n' + sink
        file = RECORDING % "x" + """sink { name: "s" type: "file" input: "recording"
  config { [weir/weir.sinks.File] { %s } } }
"""
        named = "source 'in': "
        cases = [
            (source % ("pcap", "Pcap", 'path: "x" interface: "a-name-of-just-28-bytes-long"'),
             named + "interface: has more than 27 bytes"),
            (source % ("pcap", "Pcap",
                       'path: "x" vxlan: INNER geneve: INNER vxlan_port: 6081'), named, "geneve"),
            (source % ("ebpf_map", "EbpfMap", "vxlan: INNER geneve: INNER vxlan_port: 6081"),
             named, "geneve"),
            (source % ("ebpf_map", "EbpfMap", 'attach: CLSACT pin_path: "/sys/fs/bpf/x"'),
             named + "pin_path: has no effect with attach: CLSACT"),
            (source % ("ebpf_map", "EbpfMap", "") + 'source { name: "b" type: "ebpf_map" }\n'
             + sink.replace('"in"', '"b"').replace('"s"', '"t"'),
             "source 'b': datapath 'default' has 2 stages of type ebpf_map ('in', 'b')"),
            (source % ("record_file", "RecordFile", 'path: "x" mono_clock_ns: 1'),
             named + "wall_clock and mono_clock_ns: give both or neither"),
            (file % "path: '/tmp/a%q'", "sink 's': path: '/tmp/a%q' has '%q'"),
            (file % r"path: 'C:\tmp\new'",
             r"sink 's': path 'C:\tmp\new' has a control character; a backslash is written '\\'"),
            (file % "path: '~/a'", """sink 's': path '~/a' begins with '~', which only a shell replaces; """
             'write "${HOME}/a"'),
            (file % "path: '/tmp/a/'", "sink 's': path: '/tmp/a/' names no file"),
            (file % "path: '/tmp/a' rotate_bytes: 1048576", "sink 's': rotate_bytes: `path` must have"),
        ]
        # The kernel would take the path up to the NUL byte.
        cases += [(text, "path has a NUL byte") for text in (
            source % ("record_file", "RecordFile", r'path: "/dev/null\000x"'),
            source % ("ebpf_map", "EbpfMap", r'pin_path: "/sys/fs/bpf/a\000x"'),
            file % r"path: '/tmp/a\000x'")]
        cases.append((source % ("pcap", "Pcap", r'path: "/dev/null\000x"'), "path[0] has a NUL byte"))
        if harness.GRPC:
            cases.append((RECORDING % "x" + """sink { name: "s" type: "grpc" input: "recording"
  config { [weir/weir.sinks.Grpc] { target: "collector:70000" } } }
""", "sink 's': target: 'collector:70000' has no port"))
            cases.append((RECORDING % "x" + """sink { name: "s" type: "grpc" input: "recording"
  config { target: "collector:9999" agent_ip: "192.0.2.1/24" } }
""", "FILE:4:37: sink 's': agent_ip: '192.0.2.1/24' is neither an IP address nor the name of an interface"))
        else:
            print("SKIPPED: a sink with gRPC: this weir was built without")
        for text, *words in cases:
            with self.subTest(words=words):
                self.refused(text, *words)

    def test_errors_of_setup_point_at_the_field(self):
        for config, end in (("", ""), (" [weir/weir.sources.EbpfMap] {", " }")):
            self.refused(f"""source {{ name: "in" type: "ebpf_map" config {{{config}
  filter {{ ip_cidr: "10.0.0.0/8" }}
  filter {{
    ip_cidr: "10.1.0.0/16"
    icmp_code: 3
  }}
}}{end} }}
sink {{ name: "s" type: "stdout" input: "in" }}
""", "FILE:5:5: source 'in': filter[1].icmp_code: needs an icmp_type")

    def test_a_ring_buffer_without_its_map(self):
        ring = """source { name: "in" type: "ebpf_ringbuf" %s }
sink { name: "s" type: "stdout" input: "in" }
"""
        self.refused(ring % "", "FILE:1:1: source 'in': datapath 'default' has no stage of type ebpf_map: "
                                "add one, or remove this ebpf_ringbuf\n")
        flows = """source { name: "map" type: "ebpf_map" %s }
sink { name: "t" type: "stdout" input: "map" }
"""
        self.refused(ring % 'config { datapath: "defalt" }' + flows % "",
                     "FILE:1:51: source 'in': datapath 'defalt' has no stage of type ebpf_map; "
                     "did you mean 'default'?\n")
        self.refused(ring % "" + flows % 'config { datapath: "other" }',
                     "FILE:1:1: source 'in': datapath 'default' has no stage of type ebpf_map; "
                     "there are 'other'\n")

    def exit_codes(self, path, *flags):
        """What `weir run` and `weir doctor` exit with, and the log of the run."""
        run = self.weir("run", path, *flags)
        doctor = self.weir("doctor", path)
        return run.wait(), doctor.wait(), run.stderr()

    def test_the_exit_codes_of_what_only_a_start_finds(self):
        sink = RECORDING % harness.runfile("tests/vectors/raw_records.bin") + """sink { name: "s" type: "%s" input: "recording"
  config { %s } }
"""
        long_name = RECORDING % f"{self.folder}/{'x' * 300}" + SINK.replace('"name"', '"recording"')
        code, doctor, said = self.exit_codes(self.write("long.textproto", long_name))
        self.assertEqual((code, doctor), (harness.EXIT_BAD_USAGE, harness.EXIT_UNSUPPORTED), said)
        self.assertRegex(said, r"(?m)^\S*long.textproto:1:1: source 'recording': .*File name too long")
        none = sink % ("file", f'path: "{self.folder}/none/x"')
        code, doctor, said = self.exit_codes(self.write("none.textproto", none))
        self.assertEqual((code, doctor), (harness.EXIT_FAILED, harness.EXIT_UNSUPPORTED), said)
        if not harness.GRPC:
            self.skipTest("SKIPPED: certificates: this weir was built without gRPC")
        text = self.write("text.pem", "no certificate\n")
        key = self.write("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n"
                                    "-----END ENCRYPTED PRIVATE KEY-----\n")
        certificate = self.write("cert.pem", "-----BEGIN CERTIFICATE-----\nMII=\n"
                                             "-----END CERTIFICATE-----\n")
        for tls, expected in ((f'ca_file: "{text}"', harness.EXIT_BAD_USAGE),
                              (f'cert_file: "{certificate}" key_file: "{key}"', harness.EXIT_BAD_USAGE),
                              (f'ca_file: "{self.folder}/none"', harness.EXIT_FAILED)):
            with self.subTest(tls=tls):
                path = self.write("tls.textproto",
                                  sink % ("grpc", 'target: "127.0.0.1:9" tls { %s }' % tls))
                code, doctor, said = self.exit_codes(path)
                self.assertEqual((code, doctor), (expected, harness.EXIT_UNSUPPORTED), said)

    def test_files_that_a_command_itself_cannot_read_are_wrong_usage(self):
        none = os.path.join(self.folder, "none")
        for words in (("run", none), ("validate", none), ("doctor", none), ("fmt", none),
                      ("plugins", "--plugin_path=" + none)):
            weir = self.weir(*words)
            self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE, weir.stderr())
            self.assertIn("No such file", weir.stderr())

    def test_a_file_that_is_not_there(self):
        weir = self.weir("validate", "--config=" + os.path.join(self.folder, "none"))
        self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE)
        self.assertIn("No such file", weir.stderr())

    def test_defective_plugins_are_named_with_the_reason(self):
        plugins = os.path.join(self.folder, "plugins")
        os.mkdir(plugins)
        for name in ("wrong_major", "no_symbol", "steady"):
            shutil.copy(harness.runfile(f"tests/plugins/{name}.so"), plugins)
        self.refused("""source { name: "in" type: "steady" }
sink { name: "out" type: "defect" input: "in" }
""", "FILE:2:", "wrong_major.so': was built for version 2.4 of the plugin interface; this weir has 1.4",
                     "no_symbol.so': is not a weir plugin: it does not export weir_plugin_main",
                     arguments=("--plugin_path=" + plugins,))
        weir = self.weir("plugins", "--plugin_path=" + plugins)
        self.assertEqual(weir.wait(), harness.EXIT_FAILED)
        self.assertIn("steady", weir.stdout())
        self.assertIn("no_symbol.so", weir.stderr())

    def test_broken_descriptors_are_told_where_they_are_used(self):
        plugins = os.path.join(self.folder, "plugins")
        os.mkdir(plugins)
        for name in ("broken_descriptors", "steady"):
            shutil.copy(harness.runfile(f"tests/plugins/{name}.so"), plugins)
        path = "--plugin_path=" + plugins
        reason = ("broken_descriptors.so': sink type 'defect': the descriptors of its configuration: "
                  "they are not a google.protobuf.FileDescriptorSet")
        self.refused("""source { name: "in" type: "steady" }
sink { name: "out" type: "defect" input: "in" }
""", "FILE:2:20: sink 'out': plugin '", reason, arguments=(path,))
        for command, code in ((("plugins",), harness.EXIT_FAILED),
                              (("describe", "defect"), harness.EXIT_BAD_USAGE),
                              (("doctor", self.write("no_defect.textproto",
                                                     'source { name: "in" type: "steady" }\n'
                                                     'sink { name: "out" type: "stdout" input: "in" }\n')),
                               harness.EXIT_CLEAN)):
            weir = self.weir(*command, path)
            self.assertEqual(weir.wait(), code, weir.stderr())
            self.assertIn(reason, weir.stderr())
        weir = self.weir("version", "--verbose", path)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN)
        self.assertIn(reason, weir.stdout())

    def test_a_create_that_fails_or_throws(self):
        for name, reason in (("create_fails", "create does not like its configuration"),
                             ("create_throws", "create has thrown")):
            plugins = os.path.join(self.folder, name)
            os.mkdir(plugins)
            for plugin in (name, "steady"):
                shutil.copy(harness.runfile(f"tests/plugins/{plugin}.so"), plugins)
            path = self.write("p.textproto", """source { name: "in" type: "steady" }
sink { name: "out" type: "defect" input: "in" }
""")
            for command in ("validate", "run"):
                weir = self.weir(command, "--config=" + path, "--plugin_path=" + plugins)
                self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE, weir.stderr())
                self.assertIn(f"{path}:2:1: sink 'out': {reason}", weir.stderr())


if __name__ == "__main__":
    harness.main()
