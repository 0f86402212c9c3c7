# SPDX-License-Identifier: Apache-2.0
"""Decodes messages of pbflow.proto without code of weir, by field number. The results have
the keys of the sink `stdout`; times are nanoseconds since 1970."""

import ipaddress
import struct

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """Returns field number -> values in order: integers, or bytes for a field with a length."""
    found = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _varint(data, at)
        elif kind == FIXED32:
            value, at = struct.unpack_from("<I", data, at)[0], at + 4
        elif kind == FIXED64:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        elif kind == LENGTH:
            size, at = _varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size, "a field is truncated"
        else:
            raise AssertionError(f"wire type {kind}")
        found.setdefault(number, []).append(value)
    assert at == len(data), "a field is truncated"
    return found


def delimited(data):
    """Yields the messages of a file in which each follows its length."""
    at = 0
    while at < len(data):
        size, at = _varint(data, at)
        assert at + size <= len(data), "a message is truncated"
        yield data[at:at + size]
        at += size


def _last(message, number, default):
    return message.get(number, [default])[-1]


def _time_ns(data):
    parts = fields(data)
    seconds = _last(parts, 1, 0)
    seconds -= (seconds >> 63) << 64  # int64
    return seconds * 1_000_000_000 + _last(parts, 2, 0)


def _mac(number):
    return number.to_bytes(6, "big").hex(":")


def _address(data):
    parts = fields(data)
    if 1 in parts:
        return str(ipaddress.IPv4Address(parts[1][-1]))
    return str(ipaddress.IPv6Address(_last(parts, 2, bytes(16))))


def record(data):
    """Decodes one Record. The result always has the flow key and the counters; another field
    that is 0 is neither on the wire nor in the result."""
    message = fields(data)
    link = fields(_last(message, 5, b""))
    network = fields(_last(message, 6, b""))
    transport = fields(_last(message, 7, b""))
    found = {
        "Etype": _last(message, 1, 0),
        "FlowDirection": _last(message, 2, 0),
        "SrcMac": _mac(_last(link, 1, 0)),
        "DstMac": _mac(_last(link, 2, 0)),
        "SrcAddr": _address(_last(network, 1, b"")),
        "DstAddr": _address(_last(network, 2, b"")),
        "SrcPort": _last(transport, 1, 0),
        "DstPort": _last(transport, 2, 0),
        "Proto": _last(transport, 3, 0),
        "Packets": _last(message, 9, 0),
        "Bytes": _last(message, 8, 0),
        "TimeFlowStart": _time_ns(_last(message, 3, b"")),
        "TimeFlowEnd": _time_ns(_last(message, 4, b"")),
        "Interface": _last(message, 10, b"").decode(),
    }
    measured = {
        "TcpFlags": _last(message, 13, 0),
        "Dscp": _last(network, 3, 0),
        "IcmpType": _last(message, 14, 0),
        "IcmpCode": _last(message, 15, 0),
        "Sampling": _last(message, 29, 0),
        "Duplicate": bool(_last(message, 11, 0)),
    }
    if 12 in message:
        measured["AgentIp"] = _address(_last(message, 12, b""))
        if measured["AgentIp"] == "::":
            del measured["AgentIp"]
    found.update({name: value for name, value in measured.items() if value})
    return found
