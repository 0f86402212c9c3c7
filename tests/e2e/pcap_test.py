#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flows of captures, against what capinfos and tshark count in the same files."""

import collections
import gzip
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import unittest

import capture
import harness
from capture import (ICMP, ICMPV6, IPV4, IPV6, QINQ, TCP, UDP, VLAN, ethernet, extension, fragment6,
                     icmp, ipv4, ipv6, tcp, udp)

SOURCE = 'source { name: "in" type: "pcap" config { PATHS } }\n'
ACCOUNT = """transform { name: "account" type: "accounter" input: "in"
            config { max_entries: 100000 evict_timeout: "1h" } }
sink { name: "out" type: "stdout" input: "account" config { format: JSON } }
"""
PRINT = """sink { name: "out" type: "stdout" input: "in" config { format: JSON } }
"""
A, B, C = "192.0.2.1", "192.0.2.2", "198.51.100.3"
A6, B6, C6 = "2001:db8::1", "2001:db8::2", "2001:db8:1::3"
MORE = 0x2000  # IPv4: more fragments follow


def odd_packets():
    """Packets that are hard to parse. Each one has a different length."""
    def four(source, target, protocol, payload, tags=(), **rest):
        return ethernet(IPV4, ipv4(source, target, protocol, payload, **rest), tags)

    def six(source, target, protocol, payload, tags=()):
        return ethernet(IPV6, ipv6(source, target, protocol, payload), tags)
    yield four(A, B, UDP, udp(1000, 2000, 1480 - 8), fragment=MORE)
    yield four(A, B, UDP, bytes(701), fragment=185)
    yield four(A, B, TCP, tcp(1000, 80, 3), options=b"\x01" * 40)
    yield four(B, A, TCP, tcp(80, 1000, 5), tags=((VLAN, 5),))
    yield four(A, C, UDP, udp(53, 53, 7), tags=((QINQ, 6), (VLAN, 7)))
    yield four(A, C, ICMP, icmp(8, size=9))
    yield four(C, A, ICMP, icmp(0, size=11))
    yield four(A, C, 47, bytes(13))
    yield six(A6, B6, 0, extension(UDP) + udp(1000, 2000, 15))
    yield six(A6, B6, 60, extension(43, 16) + extension(TCP, 24) + tcp(1000, 80, 17))
    yield six(B6, A6, 44, fragment6(UDP, 0, 1) + udp(5, 6, 1392))
    yield six(B6, A6, 44, fragment6(UDP, 175, 0) + bytes(19))
    yield six(A6, C6, ICMPV6, icmp(128, size=21), tags=((VLAN, 8),))
    yield six(C6, A6, 0, extension(ICMPV6) + icmp(129, size=23))
    yield ethernet(0x0806, bytes(28))
    yield ethernet(0x88CC, bytes(45))


def tshark(*arguments):
    # Some ports belong to tunnels: tshark must not look for IP inside.
    return harness.run("tshark", "-n", "--disable-protocol", "udp", "--disable-protocol", "tcp",
                       *arguments)


def conversations(path, family):
    """[packets, bytes] by (source, target), from `tshark -z conv,ip` or `conv,ipv6`."""
    found = {}
    row = re.compile(r"(\S+) +<-> (\S+) +(\d+) (\d+) bytes +(\d+) (\d+) bytes +\d+ \d+ bytes ")
    lines = tshark("-r", path, "-q", "-z", "conv," + family).splitlines()
    for line in lines:
        if "<->" not in line:
            continue
        # It rounds from 10 kB: a test with more bytes between two hosts would compare nothing.
        left, right, *counts = row.match(line).groups()
        back_packets, back_bytes, packets, size = map(int, counts)
        for flow, flow_counts in (((left, right), [packets, size]),
                                  ((right, left), [back_packets, back_bytes])):
            if flow_counts[0]:
                found[flow] = flow_counts
    return found


def packet_by_packet(path, family):
    """The same, from tshark's line for each packet."""
    found = collections.defaultdict(lambda: [0, 0])
    for line in tshark("-r", path, "-Y", family, "-T", "fields", "-E", "occurrence=f",
                       "-e", family + ".src", "-e", family + ".dst", "-e", "frame.len").splitlines():
        source, target, size = line.split()
        found[source, target][0] += 1
        found[source, target][1] += int(size)
    return dict(found)


def totals(path):
    """[packets, bytes], from capinfos."""
    text = harness.run("capinfos", "-M", "-c", "-d", path)
    return [int(re.search(rf"{name}: +(\d+)", text)[1]) for name in ("Number of packets", "Data size")]


def by_address(records, ether_type):
    found = collections.defaultdict(lambda: [0, 0])
    for record in records:
        if record["Etype"] == ether_type:
            counts = found[record["SrcAddr"], record["DstAddr"]]
            counts[0] += record["Packets"]
            counts[1] += record["Bytes"]
    return dict(found)


class PcapTest(harness.WeirTest):

    def setUp(self):
        super().setUp()
        for program in ("tshark", "capinfos", "zstd"):
            if not shutil.which(program):
                raise unittest.SkipTest(f"SKIPPED: needs {program} (tools/packages.txt)")

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *paths, stdin=None, rest=ACCOUNT):
        config = self.path("pipeline.textproto")
        source = SOURCE.replace("PATHS", " ".join(f'path: "{path}"' for path in paths))
        pathlib.Path(config).write_text(source + rest)
        return self.weir("run", "--config=" + config, stdin=stdin)

    def flows(self, *paths, stdin=None, dropped=0):
        """The records of a run over captures. All packets must be in flows."""
        weir = self.start(*paths, stdin=stdin)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(weir.balance()["in"]["dropped"], dropped)
        return weir.records()

    def assert_same_totals(self, records, path):
        self.assertEqual([sum(record["Packets"] for record in records),
                          sum(record["Bytes"] for record in records)], totals(path))

    def assert_same_flows(self, records, path, not_in_conversations=()):
        """Contains IPv6 flows that tshark does not count completely as conversations: it omits one
        of two fragments, and packets with a cut-off extension header."""
        self.assert_same_totals(records, path)
        for family, ether_type in (("ip", IPV4), ("ipv6", IPV6)):
            flows = by_address(records, ether_type)
            self.assertTrue(flows)
            self.assertEqual(flows, packet_by_packet(path, family))
            expected = conversations(path, family)
            for flow in not_in_conversations:
                expected.pop(flow, None)
                flows.pop(flow, None)
            self.assertEqual(flows, expected)

    def odd_capture(self, **options):
        path = self.path("odd.pcap")
        capture.write_packets(path, ((1000 + i, packet) for i, packet in enumerate(odd_packets())),
                              **options)
        return path

    def test_many_flows_however_they_come(self):
        path = self.path("many.pcap")
        truth = capture.write_flows(path, 30000, 3000)
        self.assertEqual(totals(path)[0], 30000)
        records = self.flows(path)
        self.assert_same_flows(records, path)
        self.assertEqual(len(records), len(truth))
        packed = self.path("many")  # a name that tells nothing
        with gzip.open(packed, "wb") as file:
            file.write(pathlib.Path(path).read_bytes())
        self.assert_same_flows(self.flows(packed), path)
        harness.run("zstd", "-q", "-f", path, "-o", packed)
        self.assert_same_flows(self.flows(packed), path)
        pcapng = self.path("many.pcapng")
        tshark("-r", path, "-F", "pcapng", "-w", pcapng)
        self.assert_same_flows(self.flows(pcapng), path)
        with open(packed, "rb") as file:
            self.assert_same_flows(self.flows("-", stdin=file), path)
        with subprocess.Popen(["zstd", "-q", "-dc", packed], stdout=subprocess.PIPE) as unpacking:
            self.assert_same_flows(self.flows("-", stdin=unpacking.stdout), path)

    def test_fragments_tags_extension_headers_and_icmp(self):
        path = self.odd_capture()
        records = self.flows(path)
        self.assert_same_flows(records, path, {(B6, A6)})
        # Also by the outermost tags.
        tags = [line.split()[0] for line in tshark("-r", path, "-Y", "vlan || ieee8021ad", "-T", "fields",
                                                   "-e", "ieee8021ad.id", "-e", "vlan.id").splitlines()]
        self.assertEqual(sorted(str(record["VlanId"]) for record in records if "VlanId" in record),
                         sorted(tags))

    def test_truncated_packets(self):
        # The longest IPv4 header is complete; everything behind it is cut off.
        path = self.odd_capture(snaplen=14 + 60 + 4)
        self.assert_same_flows(self.flows(path), path, {(A6, B6), (B6, A6)})
        # The addresses are cut off; the packets are still counted.
        path = self.odd_capture(snaplen=20)
        self.assert_same_totals(self.flows(path), path)

    def test_a_file_that_ends_in_the_middle(self):
        whole = self.odd_capture()
        cut = self.path("cut.pcap")
        pathlib.Path(cut).write_bytes(pathlib.Path(whole).read_bytes()[:-1])
        weir = self.start(cut, whole)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        packets = len(list(odd_packets()))
        self.assertEqual(weir.balance()["in"]["received"], 2 * packets - 1)
        self.assertIn(f"cut.pcap: ends after {packets - 1} packets", weir.stderr())
        self.assertEqual(weir.metrics()["weir_pcap_damaged_files_total", ""], 1)

    def test_what_is_no_capture_ends_the_run(self):
        path = self.path("text")
        pathlib.Path(path).write_text("no capture")
        weir = self.start(path)
        self.assertEqual(weir.wait(), harness.EXIT_FAILED)
        self.assertIn(f"source 'in': {path}: unknown file format", weir.stderr())

    def test_is_stopped_while_it_waits_for_standard_input(self):
        reader, writer = os.pipe()
        with open(reader, "rb") as file:
            weir = self.start("-", stdin=file, rest=PRINT)
        os.write(writer, pathlib.Path(self.odd_capture()).read_bytes()[:-1])
        harness.wait_until(weir.wrote_records, "what has come by then")
        self.assertEqual(weir.stop(signal.SIGTERM), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        os.close(writer)

    def test_the_sample_is_what_its_script_makes(self):
        made = self.path("sample.pcap")
        harness.run(sys.executable, harness.runfile("tests/e2e/sample_capture.py"), made)
        sample = os.path.join(harness.EXAMPLES, "sample.pcap")
        self.assertEqual(pathlib.Path(made).read_bytes(), pathlib.Path(sample).read_bytes())
        self.assert_same_flows(self.flows(sample), sample)


if __name__ == "__main__":
    harness.main()
