#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures as users have them, with many formats and link types, and their flows."""

import os
import pathlib
import struct

import capture
import harness
from capture import (IPV4, IPV6, SOURCE_MAC, TARGET_MAC, TCP, UDP, ethernet, ipv4, ipv6, tcp, udp)

PIPELINE = """source { name: "in" type: "pcap" config { path: "PATH" } }
transform { name: "account" type: "accounter" input: "in"
            config { max_entries: 100000 ACCOUNTER } }
sink { name: "out" type: "stdout" input: "account" config { format: JSON } }
"""
WHOLE_CAPTURE = 'evict_timeout: "24h"'
BY_RECORD_CLOCK = 'clock: RECORDS idle_timeout: "15s" active_timeout: "24h"'

A, B = "192.0.2.17", "203.0.113.4"
A6, B6 = "2001:db8::11", "2001:db8::44"
FIRST_SECOND = 1_650_000_000

# Link types in files.
RAW, PPP, CISCO_HDLC, WIFI, FRAME_RELAY, SLL, RADIOTAP, NFLOG = 101, 9, 104, 105, 107, 113, 127, 239
AH, MOBILITY = 51, 135
PPPOE, MPLS = 0x8864, 0x8847
PAYLOAD = 24

DNS = ipv4(A, B, UDP, udp(4000, 53, PAYLOAD))
DNS_FRAME = ethernet(IPV4, DNS)
WEB_FRAME = ethernet(IPV4, ipv4(A, B, TCP, tcp(4001, 443, 0)))


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind, body):
    size = struct.pack("<I", 12 + len(body) + -len(body) % 4)
    return struct.pack("<I", kind) + size + body + bytes(-len(body) % 4) + size


def section():
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(link_type, snaplen, name, resolution=6):
    return block(1, struct.pack("<HHI", link_type, 0, snaplen) + option(2, name.encode()) +
                 option(9, bytes([resolution])) + option(0, b""))


def packet(number, second, data, kept=None, resolution=6):
    ticks = (FIRST_SECOND + second) * 10 ** resolution
    kept = data[:kept]
    return block(6, struct.pack("<IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(kept),
                                len(data)) + kept)


def wifi_frame():
    """A data frame with SNAP, from an access point."""
    bssid = b"\x02\0\0\0\0\x03"
    header = struct.pack("<HH", 0x0208, 0) + TARGET_MAC + bssid + SOURCE_MAC + struct.pack("<H", 16)
    return header + b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", IPV4) + DNS


class CaptureCasesTest(harness.WeirTest):

    def pcap(self, name, *packets, link_type=capture.ETHERNET, first=FIRST_SECOND, step=1):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        capture.write_packets(path, ((first + step * i, data) for i, data in enumerate(packets)),
                              link_type=link_type)
        return path

    def pcapng(self, *blocks):
        path = os.path.join(self.folder, "capture.pcapng")
        pathlib.Path(path).write_bytes(b"".join(blocks))
        return path

    def flows(self, path, accounter=WHOLE_CAPTURE):
        config = PIPELINE.replace("PATH", path).replace("ACCOUNTER", accounter)
        weir = self.weir("run", "--config=" + self.write("pipeline.textproto", config))
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        return weir.records()

    def assert_totals(self, records, *packets):
        self.assertEqual(sum(record["Packets"] for record in records), len(packets))
        self.assertEqual(sum(record["Bytes"] for record in records), sum(map(len, packets)))

    def assert_dns_flow(self, path, data):
        """The capture contains only the packet `data`, with DNS inside."""
        records = self.flows(path)
        self.assert_totals(records, data)
        record, = records
        self.assertEqual([record[key] for key in ("SrcAddr", "DstAddr", "Proto", "SrcPort", "DstPort")],
                         [A, B, UDP, 4000, 53])
        return record

    def test_pcapng_interfaces_with_two_snapshot_lengths(self):
        records = self.flows(self.pcapng(
            section(), interface(capture.ETHERNET, 65535, "wan"), interface(capture.ETHERNET, 80, "lan"),
            packet(0, 0, DNS_FRAME), packet(1, 1, WEB_FRAME, kept=80), packet(0, 2, DNS_FRAME)))
        self.assert_totals(records, DNS_FRAME, WEB_FRAME, DNS_FRAME)
        self.assertEqual({record["DstPort"]: record["Interface"] for record in records},
                         {53: "wan", 443: "lan"})

    def test_pcapng_interfaces_with_three_links_and_resolutions(self):
        cooked = struct.pack(">HHH", 0, 1, 6) + SOURCE_MAC + bytes(2) + struct.pack(">H", IPV4) + DNS
        records = self.flows(self.pcapng(
            section(), interface(capture.ETHERNET, 65535, "wan"), interface(SLL, 262144, "all", 3),
            interface(RAW, 0, "vpn", 9),
            packet(2, 0, DNS, resolution=9), packet(0, 1, DNS_FRAME),
            packet(1, 2, cooked, resolution=3)))
        self.assert_totals(records, DNS, DNS_FRAME, cooked)
        self.assertEqual({record["Interface"]: record["TimeFlowStart"][:19] for record in records},
                         {"vpn": "2022-04-15T05:20:00", "wan": "2022-04-15T05:20:01",
                          "all": "2022-04-15T05:20:02"})

    def test_pcapng_sections_one_behind_the_other(self):
        records = self.flows(self.pcapng(
            section(), interface(capture.ETHERNET, 65535, "wan"), packet(0, 0, DNS_FRAME),
            section(), interface(capture.ETHERNET, 96, "dmz", 9), packet(0, 1, DNS_FRAME, resolution=9),
            packet(0, 2, WEB_FRAME, resolution=9)))
        self.assert_totals(records, DNS_FRAME, DNS_FRAME, WEB_FRAME)
        self.assertEqual(sorted(record["Interface"] for record in records), ["dmz", "dmz", "wan"])

    def test_folder_in_which_tcpdump_writes(self):
        whole = pathlib.Path(self.pcap("ring/1.pcap", DNS_FRAME, WEB_FRAME)).read_bytes()
        self.pcap("ring/3.pcap", WEB_FRAME)
        for name, content in (("2.pcap", b""), ("4.pcap", whole[:12]), (".state", b"\1\2\3"),
                              ("notes.txt", b"rack 12, port 3\n")):
            pathlib.Path(self.folder, "ring", name).write_bytes(content)
        self.assert_totals(self.flows(os.path.join(self.folder, "ring")),
                           DNS_FRAME, WEB_FRAME, WEB_FRAME)

    def test_folder_of_numbered_files_is_read_in_order(self):
        for number in range(12):
            self.pcap("ring/dump.pcap" + (str(number) if number else ""), *[DNS_FRAME] * 8,
                      first=FIRST_SECOND + 8 * number)
        # In another order the flow would seem silent for longer than the timeout.
        records = self.flows(os.path.join(self.folder, "ring"), BY_RECORD_CLOCK)
        self.assertEqual([record["Packets"] for record in records], [96])

    def test_bytes_behind_the_ip_packet_are_no_header(self):
        frame = ethernet(IPV4, ipv4(A, B, TCP, b"") + tcp(4002, 443, 0))
        record, = self.flows(self.pcap("a.pcap", frame))
        self.assertEqual([record["SrcPort"], record["DstPort"], record["Bytes"]], [0, 0, len(frame)])

    def test_authentication_header_in_ipv4(self):
        header = struct.pack(">BBHII", TCP, 4, 0, 7, 1) + bytes(12)
        record, = self.flows(self.pcap(
            "a.pcap", ethernet(IPV4, ipv4(A, B, AH, header + tcp(4003, 443, 0)))))
        self.assertEqual([record[key] for key in ("Proto", "SrcPort", "DstPort")], [TCP, 4003, 443])

    def test_mobility_header_of_ipv6(self):
        header = struct.pack(">BBBBHH", 59, 1, 1, 0, 0, 0) + bytes(8)
        record, = self.flows(self.pcap("a.pcap", ethernet(IPV6, ipv6(A6, B6, MOBILITY, header))))
        self.assertEqual([record["Proto"], record["SrcAddr"]], [MOBILITY, A6])

    def test_session_of_pppoe(self):
        frame = ethernet(PPPOE, struct.pack(">BBHHH", 0x11, 0, 9, len(DNS) + 2, 0x0021) + DNS)
        self.assert_dns_flow(self.pcap("a.pcap", frame), frame)

    def test_two_labels_of_mpls(self):
        frame = ethernet(MPLS, struct.pack(">II", 20 << 12 | 64, 21 << 12 | 1 << 8 | 64) + DNS)
        self.assert_dns_flow(self.pcap("a.pcap", frame), frame)

    def test_first_packet_at_the_beginning_of_1970(self):
        record, = self.flows(self.pcap("a.pcap", DNS_FRAME, DNS_FRAME, first=0, step=45))
        self.assertEqual([record["TimeFlowStart"], record["TimeFlowEnd"], record["Packets"]],
                         ["1970-01-01T00:00:00Z", "1970-01-01T00:00:45Z", 2])

    def test_ppp(self):
        frame = b"\xff\x03\x00\x21" + DNS
        self.assert_dns_flow(self.pcap("a.pcap", frame, link_type=PPP), frame)

    def test_cisco_hdlc(self):
        frame = b"\x0f\0" + struct.pack(">H", IPV4) + DNS
        self.assert_dns_flow(self.pcap("a.pcap", frame, link_type=CISCO_HDLC), frame)

    def test_frame_relay(self):
        frame = b"\x0c\x31\x03\xcc" + DNS
        self.assert_dns_flow(self.pcap("a.pcap", frame, link_type=FRAME_RELAY), frame)

    def test_nflog(self):
        message = struct.pack(">BBH", 2, 0, 3) + struct.pack("<HH", 4 + len(DNS), 9) + DNS
        self.assert_dns_flow(self.pcap("a.pcap", message, link_type=NFLOG), message)

    def test_wifi(self):
        record = self.assert_dns_flow(self.pcap("a.pcap", wifi_frame(), link_type=WIFI), wifi_frame())
        self.assertEqual([record["SrcMac"], record["DstMac"]], ["02:00:00:00:00:01", "02:00:00:00:00:02"])

    def test_wifi_behind_radiotap(self):
        frame = struct.pack("<BBHI", 0, 0, 8, 0) + wifi_frame()
        self.assert_dns_flow(self.pcap("a.pcap", frame, link_type=RADIOTAP), frame)


if __name__ == "__main__":
    harness.main()
