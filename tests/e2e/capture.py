# SPDX-License-Identifier: Apache-2.0
"""Captures to replay, made packet by packet, so that what is in them is known."""

import random
import struct


def _ipv4(source, target, protocol, payload):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                       source, target) + payload


def _ipv6(source, target, protocol, payload):
    return struct.pack("!IHBB16s16s", 0x60000000, len(payload), protocol, 64,
                       source, target) + payload


def _tcp(source, target, size):
    return struct.pack("!HHIIBBHHH", source, target, 1, 1, 0x50, 0x10, 1024, 0, 0) + bytes(size)


def _udp(source, target, size):
    return struct.pack("!HHHH", source, target, 8 + size, 0) + bytes(size)


def flow_packet(number, size):
    """An Ethernet frame of flow `number`: IPv4 or IPv6, TCP or UDP, by its number."""
    transport = _tcp if number & 2 else _udp
    segment = transport(1024 + number % 60000, 443, size)
    protocol = 6 if number & 2 else 17
    if number & 1:
        source = b"\xfd\x78" + bytes(6) + struct.pack("!Q", number)
        target = b"\xfd\x79" + bytes(13) + b"\x01"
        return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x86\xdd" + _ipv6(source, target, protocol, segment)
    source = bytes([10, 78, number >> 8 & 255, number & 255])
    packet = _ipv4(source, bytes([10, 79, 0, 1]), protocol, segment)
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + packet


def write_flows(path, packets, flows, seed=1):
    """A pcap file of `packets` packets of `flows` flows in random order, every flow at
    least once. Returns flow number -> [packets, bytes]."""
    chosen = list(range(flows)) + [0] * (packets - flows)
    generator = random.Random(seed)
    for i in range(flows, packets):
        chosen[i] = generator.randrange(flows)
    generator.shuffle(chosen)
    # One size a flow: then a frame is made once.
    frames = [flow_packet(flow, flow % 64) for flow in range(flows)]
    truth = {flow: [0, 0] for flow in range(flows)}
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, flow in enumerate(chosen):
            frame = frames[flow]
            file.write(struct.pack("<IIII", i // 1000000, i % 1000000, len(frame), len(frame)))
            file.write(frame)
            truth[flow][0] += 1
            truth[flow][1] += len(frame)
    return truth
