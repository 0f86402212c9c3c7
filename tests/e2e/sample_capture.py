#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes examples/sample.pcap, always with the same bytes: `sample_capture.py FILE`."""

import sys

from capture import (ICMP, ICMPV6, IPV4, IPV6, SOURCE_MAC, TARGET_MAC, TCP, UDP, VLAN, ethernet, icmp,
                     ipv4, ipv6, tcp, udp, write_packets)

BEGIN = 1767225600  # 2026-01-01T00:00:00Z
CLIENT, SERVER, RESOLVER = "192.0.2.10", "198.51.100.80", "192.0.2.53"
CLIENT6, SERVER6 = "2001:db8::10", "2001:db8:1::443"
FIN_ACK, SYN, PSH_ACK, ACK, SYN_ACK = 0x11, 0x02, 0x18, 0x10, 0x12


def outbound(ether_type, packet, tags=()):
    return ethernet(ether_type, packet, tags, SOURCE_MAC, TARGET_MAC)


def inbound(ether_type, packet, tags=()):
    return ethernet(ether_type, packet, tags, TARGET_MAC, SOURCE_MAC)


def packets():
    """A DNS lookup, a web page over IPv4 and one over IPv6, and pings, in the order of time."""
    at = BEGIN
    yield at, outbound(IPV4, ipv4(CLIENT, RESOLVER, UDP, udp(40001, 53, 33)))
    yield at + 0.002, inbound(IPV4, ipv4(RESOLVER, CLIENT, UDP, udp(53, 40001, 65)))
    for client, server, version, make, tags, at in (
            (CLIENT, SERVER, IPV4, ipv4, (), BEGIN + 0.003),
            (CLIENT6, SERVER6, IPV6, ipv6, ((VLAN, 100),), BEGIN + 0.2)):
        def request(size, flags, client=client, server=server, version=version, make=make, tags=tags):
            return outbound(version, make(client, server, TCP, tcp(50443, 443, size, flags)), tags)

        def answer(size, flags, client=client, server=server, version=version, make=make, tags=tags):
            return inbound(version, make(server, client, TCP, tcp(443, 50443, size, flags)), tags)
        yield at, request(0, SYN)
        yield at + 0.010, answer(0, SYN_ACK)
        yield at + 0.011, request(0, ACK)
        yield at + 0.012, request(517, PSH_ACK)
        for number in range(5):
            yield at + 0.025 + number * 0.001, answer(1200, ACK)
        yield at + 0.031, request(0, ACK)
        yield at + 0.032, request(0, FIN_ACK)
        yield at + 0.042, answer(0, FIN_ACK)
        yield at + 0.043, request(0, ACK)
    for number in range(3):
        at = BEGIN + 1 + number
        yield at, outbound(IPV4, ipv4(CLIENT, SERVER, ICMP, icmp(8)))
        yield at + 0.010, inbound(IPV4, ipv4(SERVER, CLIENT, ICMP, icmp(0)))
        yield at + 0.020, outbound(IPV6, ipv6(CLIENT6, SERVER6, ICMPV6, icmp(128)))
        yield at + 0.030, inbound(IPV6, ipv6(SERVER6, CLIENT6, ICMPV6, icmp(129)))


if __name__ == "__main__":
    write_packets(sys.argv[1], packets())
