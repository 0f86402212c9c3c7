# SPDX-License-Identifier: Apache-2.0
"""An XDP program that drops every packet of one interface. Uses bpf(2) only, so that a
test needs no compiler and no library."""

import ctypes
import os
import platform
import struct
import sys

_BPF_PROG_LOAD, _BPF_LINK_CREATE = 5, 28
_BPF_PROG_TYPE_XDP, _BPF_XDP = 6, 37
_XDP_FLAGS_SKB_MODE, _XDP_FLAGS_DRV_MODE = 1 << 1, 1 << 2
_SYSCALL_BPF = {"x86_64": 321, "aarch64": 280}
_XDP_DROP = 1


def _bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = libc.syscall(_SYSCALL_BPF[platform.machine()], command, buffer, len(attributes))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"bpf({command}): {os.strerror(error)}")
    return result


class DropAll:
    """Drops every packet that arrives at the interface, from construction until close().
    `if_index` belongs to the network namespace of the calling thread. With `native` the
    driver runs the program, before a socket buffer exists; otherwise the network core does."""

    def __init__(self, if_index, native):
        # r0 = XDP_DROP; exit
        code = struct.pack("<BBhi", 0xb7, 0, 0, _XDP_DROP) + struct.pack("<BBhi", 0x95, 0, 0, 0)
        instructions = ctypes.create_string_buffer(code, len(code))
        licence = ctypes.create_string_buffer(b"Dual BSD/GPL")
        self._program = _bpf(_BPF_PROG_LOAD, struct.pack(
            "<IIQQIIQII", _BPF_PROG_TYPE_XDP, len(code) // 8, ctypes.addressof(instructions),
            ctypes.addressof(licence), 0, 0, 0, 0, 0))
        flags = _XDP_FLAGS_DRV_MODE if native else _XDP_FLAGS_SKB_MODE
        try:
            self._link = _bpf(_BPF_LINK_CREATE, struct.pack("<IIIIQQ", self._program, if_index,
                                                            _BPF_XDP, flags, 0, 0))
        except OSError:
            os.close(self._program)
            raise

    def close(self):
        """Detaches the program: closing the descriptor of its link does that."""
        os.close(self._link)
        os.close(self._program)


def main():
    """`xdp.py IF_INDEX native|generic` drops packets until its standard input ends."""
    dropping = DropAll(int(sys.argv[1]), native=sys.argv[2] == "native")
    print("dropping", flush=True)
    sys.stdin.read()
    dropping.close()


if __name__ == "__main__":
    main()
