#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A message of a netobserv eBPF agent, built byte by byte and sent without code of weir.
The agent's own bits for TCP flags become flags that a filter and an accounter understand."""

import ipaddress
import json
import pathlib
import socket
import struct
import unittest

import harness

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
# The agent's bit for a packet with two flags (its bpf/types.h).
SYN_ACK, FIN_ACK, RST_ACK = 0x100, 0x200, 0x400

# For each flow: its flags as an agent sends them, as a record has them, and the pairs that
# one packet had (1: SYN and ACK, 2: FIN and ACK, 4: RST and ACK). The index of a case is its
# source port.
CASES = [
    (SYN, SYN, None),
    (SYN_ACK | ACK | PSH, SYN | ACK | PSH, 1),
    (FIN_ACK, FIN | ACK, 2),
    (RST_ACK, RST | ACK, 4),
    (FIN, FIN, None),
    (RST | ACK, RST | ACK, None),
    (SYN | SYN_ACK | ACK | FIN_ACK | RST_ACK, SYN | ACK | FIN | RST, 7),
    (ACK, ACK, None),
    (0, None, None),
]

PIPELINE = """
source    {{ name: "agents"   type: "grpc" config {{ [weir/weir.sources.Grpc] {{
              listen: "{address}:{port}" }} }} }}
transform {{ name: "ended"    type: "filter" input: "agents" config {{ [weir/weir.transforms.Filter] {{
              expression: "tcp_flags any (fin, rst)" }} }} }}
sink      {{ name: "as_sent"  type: "file" input: "ended" config {{ [weir/weir.sinks.File] {{
              path: "{folder}/as_sent.json" }} }} }}
transform {{ name: "account"  type: "accounter" input: "agents" config {{ [weir/weir.transforms.Accounter] {{
              active_timeout: "20ms" }} }} }}
transform {{ name: "by_flags" type: "filter" input: "account" config {{ [weir/weir.transforms.Filter] {{
              expression: "tcp_flags any (fin, rst)" }} }} }}
sink      {{ name: "accounted" type: "file" input: "by_flags" config {{ [weir/weir.sinks.File] {{
              path: "{folder}/accounted.json" flush_interval: "10ms" }} }} }}
transform {{ name: "by_reason" type: "filter" input: "account" config {{ [weir/weir.transforms.Filter] {{
              expression: "flow_end_reason == end_of_flow" }} }} }}
sink      {{ name: "console"  type: "stdout" input: "by_reason" config {{ [weir/weir.sinks.Stdout] {{
              format: JSON }} }} }}
"""


def varint(value):
    encoded = b""
    while value >= 0x80:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def address(field, text):
    return block(field, varint(1 << 3 | 5) + struct.pack("<I", int(ipaddress.IPv4Address(text))))


def time(field, seconds):
    return block(field, number(1, seconds) + number(2, 500))


def record(case):
    """A Record of pbflow.proto."""
    return (number(1, 0x0800) + number(2, 1) + time(3, 1_700_000_000) + time(4, 1_700_000_001)
            + block(5, number(1, 0x020000000001) + number(2, 0x020000000002))
            + block(6, address(1, "10.0.0.1") + address(2, "10.0.0.2"))
            + block(7, number(1, case) + number(2, 443) + number(3, 6))
            + number(8, 1000) + number(9, 10) + block(10, b"eth0")
            + address(12, "192.0.2.1") + number(13, CASES[case][0]))


def frame(kind, flags, stream, content=b""):
    """A frame of HTTP/2 (RFC 9113, section 4.1)."""
    return struct.pack(">I", len(content))[1:] + struct.pack(">BBI", kind, flags, stream) + content


def header(name, value):
    """An HPACK header field: a literal without indexing (RFC 7541, section 6.2.2)."""
    return bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS, ACKNOWLEDGED = 1, 4, 1


def send(target, message):
    """Sends a message to /pbflow.Collector/Send and waits for the answer."""
    headers = (header(":method", "POST") + header(":scheme", "http")
               + header(":path", "/pbflow.Collector/Send") + header(":authority", "weir")
               + header("content-type", "application/grpc") + header("te", "trailers"))
    with socket.create_connection(target, timeout=harness.DEADLINE_SECONDS) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)
                           + frame(HEADERS, END_HEADERS, 1, headers)
                           + frame(DATA, END_STREAM, 1,
                                   struct.pack(">BI", 0, len(message)) + message))
        answer = connection.makefile("rb")
        while True:
            start = answer.read(9)
            assert len(start) == 9, "the connection ended before the answer"
            size = int.from_bytes(start[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", start[3:])
            content = answer.read(size)
            assert kind not in (RST_STREAM, GOAWAY), (kind, content)
            if kind in (SETTINGS, PING) and not flags & ACKNOWLEDGED:
                connection.sendall(frame(kind, ACKNOWLEDGED, 0, content if kind == PING else b""))
            if stream == 1 and kind in (DATA, HEADERS) and flags & END_STREAM:
                return


@unittest.skipUnless(harness.GRPC, "SKIPPED: this weir was built without gRPC")
class AgentMessageTest(harness.WeirTest):

    def lines(self, name):
        path = pathlib.Path(self.folder, name)
        # The last line may be incomplete.
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def check(self, records, reason):
        """Fails unless `records` are the flows that ended by FIN or RST, in any order, with the
        right flags."""
        found = {}
        for line in records:
            flow = json.loads(line)
            found[flow["SrcPort"]] = (flow["TcpFlags"], flow.get("TcpFlagPairs"),
                                      flow.get("FlowEndReason"), flow["Packets"], flow["AgentIp"])
        wanted = {case: (flags, pairs, reason, 10, "192.0.2.1")
                  for case, (_, flags, pairs) in enumerate(CASES) if (flags or 0) & (FIN | RST)}
        self.assertEqual(found, wanted)
        self.assertEqual(len(records), len(wanted))

    def test_flags_of_an_agent_are_flags_of_a_record(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            target = free.getsockname()
        config = self.write("p.textproto", PIPELINE.format(
            address=target[0], port=target[1], folder=self.folder))
        weir = self.weir("run", "--config=" + config)
        weir.wait_for_log("taking records at")
        send(target, b"".join(block(1, record(case)) for case in range(len(CASES))))
        # Flows that the accounter still holds at the end would have another end reason.
        harness.wait_until(lambda: len(self.lines("accounted.json")) >= 5, "flows that have ended")
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(weir.balance()["agents"]["emitted"], len(CASES))
        self.check(self.lines("as_sent.json"), None)
        self.check(self.lines("accounted.json"), 3)
        self.check(weir.stdout().splitlines(), 3)


if __name__ == "__main__":
    harness.main()
