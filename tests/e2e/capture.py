# SPDX-License-Identifier: Apache-2.0
"""Makes captures packet by packet, so that a test knows every packet in them."""

import ipaddress
import random
import struct

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
IPV4, IPV6, VLAN, QINQ = 0x0800, 0x86DD, 0x8100, 0x88A8
ETHERNET = 1
SOURCE_MAC, TARGET_MAC = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"


def _address(text):
    return ipaddress.ip_address(text).packed


def ipv4(source, target, protocol, payload, fragment=0, options=b""):
    """`fragment` is the header field of flags and offset; the offset counts 8 bytes."""
    size = 20 + len(options)
    return struct.pack("!BBHHHBBH4s4s", 0x40 | size // 4, 0, size + len(payload), 7, fragment, 64,
                       protocol, 0, _address(source), _address(target)) + options + payload


def ipv6(source, target, protocol, payload):
    return struct.pack("!IHBB16s16s", 0x60000000, len(payload), protocol, 64,
                       _address(source), _address(target)) + payload


def extension(next_header, size=8):
    """An IPv6 extension header with a length field; `size` is a multiple of 8 bytes."""
    return struct.pack("!BBBB", next_header, size // 8 - 1, 1, size - 4) + bytes(size - 4)


def fragment6(next_header, offset, more):
    """An IPv6 fragment header; `offset` in units of 8 bytes."""
    return struct.pack("!BBHI", next_header, 0, offset << 3 | more, 7)


def tcp(source, target, size, flags=0x10):
    return struct.pack("!HHIIBBHHH", source, target, 1, 1, 0x50, flags, 1024, 0, 0) + bytes(size)


def udp(source, target, size):
    return struct.pack("!HHHH", source, target, 8 + size, 0) + bytes(size)


def icmp(kind, code=0, size=48):
    return struct.pack("!BBHHH", kind, code, 0, 1, 1) + bytes(size)


def ethernet(ether_type, payload, tags=(), source=SOURCE_MAC, target=TARGET_MAC):
    """`tags` are pairs of an EtherType (VLAN or QINQ) and a VLAN id, the outermost first."""
    header = target + source
    for tag_type, tag_id in tags:
        header += struct.pack("!HH", tag_type, tag_id)
    return header + struct.pack("!H", ether_type) + payload


def flow_packet(number, size):
    """An Ethernet frame of flow `number`, which selects IPv4 or IPv6, and TCP or UDP."""
    transport, protocol = (tcp, TCP) if number & 2 else (udp, UDP)
    segment = transport(1024 + number % 60000, 443, size)
    if number & 1:
        packet = ipv6(ipaddress.ip_address((0xFD78 << 112) + number), "fd79::1", protocol, segment)
        return ethernet(IPV6, packet)
    source = f"10.78.{number >> 8 & 255}.{number & 255}"
    return ethernet(IPV4, ipv4(source, "10.79.0.1", protocol, segment))


def write_packets(path, packets, snaplen=65535, link_type=ETHERNET):
    """Writes a pcap file with microseconds from pairs (seconds, bytes). Truncates packets to
    `snaplen`."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link_type))
        for seconds, packet in packets:
            microseconds = round(seconds * 1000000)
            kept = packet[:snaplen]
            file.write(struct.pack("<IIII", microseconds // 1000000, microseconds % 1000000,
                                   len(kept), len(packet)) + kept)


def write_flows(path, packets, flows, seed=1):
    """Writes a pcap file of `packets` packets of `flows` flows in random order, each flow at
    least once. Returns flow number -> [packets, bytes]."""
    chosen = list(range(flows)) + [0] * (packets - flows)
    generator = random.Random(seed)
    for i in range(flows, packets):
        chosen[i] = generator.randrange(flows)
    generator.shuffle(chosen)
    # All packets of a flow have one size, so each frame is built once.
    frames = [flow_packet(flow, flow % 64) for flow in range(flows)]
    truth = {flow: [0, 0] for flow in range(flows)}
    write_packets(path, ((i / 1000000, frames[flow]) for i, flow in enumerate(chosen)))
    for flow in chosen:
        truth[flow][0] += 1
        truth[flow][1] += len(frames[flow])
    return truth
