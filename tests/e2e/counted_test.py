#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks docs/explanation/what-is-counted.md: for each place in the kernel where the packet
counts of weir, the interface and the wire can differ, the difference is the one stated."""

import os
import subprocess
import sys

import capture
import harness

PIPELINE = """
source {{ name: "flows"   type: "ebpf_map"
         config {{ interfaces: "{link}" cache_active_timeout: "200ms"
                  attach: {attach} }} }}
sink   {{ name: "console" type: "stdout" input: "flows"
         config {{ format: JSON }} }}
"""

INGRESS, EGRESS = 0, 1
PACKETS = 100
PAYLOAD = 200
# An Ethernet frame with IPv4 and UDP.
FRAME = capture.flow_packet(0, PAYLOAD)
MACS = FRAME[:12]
HOOKS = ("AUTO", "CLSACT")

# argv: interface, "hook" or "bypass", count; reads the frame from standard input.
SEND = """
import errno, socket, sys
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
if sys.argv[2] == "bypass":
    sender.setsockopt(263, 20, 1)  # SOL_PACKET, PACKET_QDISC_BYPASS
sender.bind((sys.argv[1], 0))
frame = sys.stdin.buffer.read()
for _ in range(int(sys.argv[3])):
    try:
        sender.send(frame)
    except OSError as error:
        if error.errno != errno.ENOBUFS:  # a qdisc dropped the packet
            raise
"""

# argv: "tcp" or "udp". Both ends stop when DATA has arrived, so no packet comes later.
DATA, SEGMENT = 1_000_000, 1000
RECEIVE = f"""
import socket, sys
if sys.argv[1] == "tcp":
    with socket.create_server(("10.78.0.2", 9000)) as server:
        print("listening", flush=True)
        connection, _ = server.accept()
    while connection.recv(65536):
        pass
    connection.close()
else:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, {4 * DATA})
    receiver.setsockopt(17, 104, 1)  # UDP_GRO: the kernel joins datagrams for this socket
    receiver.bind(("10.78.0.2", 9000))
    print("listening", flush=True)
    received = 0
    while received < {DATA // 10}:
        received += len(receiver.recv(65536))
"""
TRANSFER = f"""
import socket, sys
if sys.argv[1] == "tcp":
    with socket.create_connection(("10.78.0.2", 9000)) as sender:
        sender.sendall(bytes({DATA}))
        sender.shutdown(socket.SHUT_WR)
        assert sender.recv(1) == b""
else:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("10.78.0.2", 9000))
    sender.setsockopt(17, 103, {SEGMENT})  # UDP_SEGMENT: GSO
    for _ in range(10):
        sender.send(bytes({10 * SEGMENT}))
"""


class CountedTest(harness.NamespaceTest):
    """veth-a sends; veth-b receives."""

    def start_weir(self, netns, link, attach):
        config = self.write("pipeline.textproto", PIPELINE.format(link=link, attach=attach))
        weir = self.weir("run", "--config=" + config, netns=netns)
        weir.wait_for_log("measuring 1 interface")
        return weir

    def end(self, weir, direction):
        """Stops weir. Returns packets and bytes of that direction, in buffers and on the wire."""
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        records = [r for r in weir.records() if r["FlowDirection"] == direction]
        return {key: sum(r[key] for r in records)
                for key in ("Packets", "Bytes", "WirePackets", "WireBytes")}

    def send(self, frame=FRAME, way="hook"):
        """Sends PACKETS copies from veth-a. Returns when the kernel has taken the last one."""
        subprocess.run(["ip", "netns", "exec", self.a, sys.executable, "-c", SEND, "veth-a", way, str(PACKETS)],
                       input=frame, check=True, timeout=harness.DEADLINE_SECONDS)

    def counted_while(self, netns, link, act):
        """Returns what the interface counts while `act` runs."""
        before = self.counters(netns, link)
        act()
        after = self.counters(netns, link)
        return {key: after[key] - before[key] for key in after}

    def arrivals(self, attach, frame):
        """Sends PACKETS frames to veth-b. Returns the packets that veth-b and weir count there."""
        weir = self.start_weir(self.b, "veth-b", attach)
        counted = self.counted_while(self.b, "veth-b", lambda: self.send(frame))
        return counted["rx_packets"], self.end(weir, INGRESS)["Packets"]

    def departures(self, attach, way="hook"):
        """Sends PACKETS frames from veth-a. Returns the packets that veth-a and weir count there."""
        weir = self.start_weir(self.a, "veth-a", attach)
        counted = self.counted_while(self.a, "veth-a", lambda: self.send(way=way))
        return counted["tx_packets"], self.end(weir, EGRESS)["Packets"]

    def test_a_plain_frame_is_counted_once_on_each_side(self):
        for attach in HOOKS:
            with self.subTest(attach=attach):
                self.assertEqual(self.arrivals(attach, FRAME), (PACKETS, PACKETS))
                self.assertEqual(self.departures(attach), (PACKETS, PACKETS))

    def drops_by_xdp(self, mode):
        program = subprocess.Popen(
            ["ip", "netns", "exec", self.b, sys.executable, os.path.join(os.path.dirname(__file__), "xdp.py"),
             str(self.if_index(self.b, "veth-b")), mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(program.communicate)
        self.assertEqual(program.stdout.readline(), "dropping\n")
        for attach in HOOKS:
            with self.subTest(attach=attach):
                self.assertEqual(self.arrivals(attach, FRAME), (PACKETS, 0))

    def test_xdp_in_the_driver_drops_before_the_hook(self):
        self.drops_by_xdp("native")

    def test_xdp_in_the_core_drops_before_the_hook(self):
        self.drops_by_xdp("generic")

    def test_a_frame_truncated_inside_its_vlan_tag_never_reaches_the_hook(self):
        # The kernel requires two bytes behind the tag: skb_vlan_untag() in net/core/skbuff.c.
        for behind_type, packets in ((b"", 0), (b"\0\5", 0), (b"\0\5\x08\0", 0), (b"\0\5\x08\0\0\0", PACKETS)):
            frame = MACS + b"\x81\0" + behind_type
            for attach in HOOKS:
                with self.subTest(attach=attach, size=len(frame)):
                    self.assertEqual(self.arrivals(attach, frame), (PACKETS, packets))

    def test_a_sender_that_bypasses_the_qdisc_bypasses_the_hook(self):
        for attach in HOOKS:
            with self.subTest(attach=attach):
                self.assertEqual(self.departures(attach, way="bypass"), (PACKETS, 0))

    def test_a_qdisc_drops_behind_the_hook(self):
        # The queue holds a few packets, and sends none during the test.
        self.inside(self.a, "tc", "qdisc", "add", "dev", "veth-a", "root", "tbf",
                    "rate", "8bit", "burst", "1600", "limit", "3000")
        for attach in HOOKS:
            with self.subTest(attach=attach):
                sent, seen = self.departures(attach)
                self.assertEqual(seen, PACKETS)
                self.assertLess(sent, PACKETS)

    def test_segments_of_tcp_that_leave_are_counted_as_on_the_wire(self):
        self.segments_leave("tcp")

    def test_segments_of_udp_that_leave_are_counted_as_on_the_wire(self):
        self.segments_leave("udp")

    def segments_leave(self, protocol):
        """Buffers of many segments (GSO) pass the hook before the kernel splits them. They are
        fewer than the interface's packets and have fewer headers. The counters "on the wire"
        of weir equal those of the interface."""
        self.enable_ipv4()
        self.inside(self.a, "ethtool", "-K", "veth-a", "tx-udp-segmentation", "off")
        for attach in HOOKS:
            with self.subTest(attach=attach):
                weir = self.start_weir(self.a, "veth-a", attach)
                counted = self.counted_while(self.a, "veth-a", lambda: self.transfer(protocol))
                seen = self.end(weir, EGRESS)
                self.assertEqual((seen["WirePackets"], seen["WireBytes"]),
                                 (counted["tx_packets"], counted["tx_bytes"]))
                self.assertLess(seen["Packets"], counted["tx_packets"])
                self.assertLess(seen["Bytes"], counted["tx_bytes"])

    def test_segments_of_tcp_that_arrive_are_counted_as_on_the_wire(self):
        self.segments_arrive("tcp")

    def test_segments_of_udp_that_arrive_are_counted_as_on_the_wire(self):
        self.segments_arrive("udp")

    def segments_arrive(self, protocol):
        """The kernel joins segments (GRO) before the hook. The counters "on the wire" of weir
        equal what left the other end. The interface counts as many packets. The test does not
        compare its bytes: with GRO, veth leaves out the Ethernet headers (veth_xdp_rcv_skb in
        drivers/net/veth.c)."""
        self.enable_ipv4()
        self.inside(self.a, "ethtool", "-K", "veth-a", "tx-udp-segmentation", "off")
        self.inside(self.b, "ethtool", "-K", "veth-b", "gro", "on")
        for attach in HOOKS:
            with self.subTest(attach=attach):
                sender = self.start_weir(self.a, "veth-a", attach)
                receiver = self.start_weir(self.b, "veth-b", attach)
                counted = self.counted_while(self.b, "veth-b", lambda: self.transfer(protocol))
                sent, seen = self.end(sender, EGRESS), self.end(receiver, INGRESS)
                self.assertEqual((seen["WirePackets"], seen["WireBytes"]),
                                 (sent["WirePackets"], sent["WireBytes"]))
                self.assertEqual(seen["WirePackets"], counted["rx_packets"])
                self.assertLess(seen["Packets"], seen["WirePackets"])
                self.assertLess(seen["Bytes"], seen["WireBytes"])

    def test_an_interface_that_takes_whole_buffers_counts_buffers(self):
        # veth does so by default: nothing segments the buffer before the other end reads it.
        self.enable_ipv4()
        self.inside(self.a, "ethtool", "-K", "veth-a", "gso", "on", "tso", "on", "tx-udp-segmentation", "on")
        for protocol in ("tcp", "udp"):
            with self.subTest(protocol=protocol):
                weir = self.start_weir(self.a, "veth-a", "AUTO")
                counted = self.counted_while(self.a, "veth-a", lambda protocol=protocol: self.transfer(protocol))
                seen = self.end(weir, EGRESS)
                self.assertEqual((seen["Packets"], seen["Bytes"]), (counted["tx_packets"], counted["tx_bytes"]))
                self.assertGreater(seen["WirePackets"], seen["Packets"])
                self.assertGreater(seen["WireBytes"], seen["Bytes"])

    def enable_ipv4(self):
        """Adds IPv4 addresses and neighbours, so that the kernel sends no packet of its own."""
        for netns, link, number, other, far in ((self.a, "veth-a", 1, self.b, "veth-b"),
                                                (self.b, "veth-b", 2, self.a, "veth-a")):
            self.inside(netns, "ip", "address", "add", f"10.78.0.{number}/24", "dev", link)
            self.inside(netns, "ip", "neighbour", "add", f"10.78.0.{3 - number}", "dev", link,
                        "lladdr", self.link(other, far)["address"], "nud", "permanent")

    def transfer(self, protocol):
        """Sends DATA from self.a to self.b. Returns after the last packet has arrived."""
        with subprocess.Popen(["ip", "netns", "exec", self.b, sys.executable, "-c", RECEIVE, protocol],
                              stdout=subprocess.PIPE, text=True) as receiver:
            self.addCleanup(self._end, receiver)
            self.assertEqual(receiver.stdout.readline(), "listening\n")
            self.inside(self.a, sys.executable, "-c", TRANSFER, protocol)
            self.assertEqual(receiver.wait(timeout=harness.DEADLINE_SECONDS), 0)


if __name__ == "__main__":
    harness.main()
