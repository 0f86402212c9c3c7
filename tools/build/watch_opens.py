#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports which files of some folders any process opens, until standard input ends.

watch_opens.py FOLDER...: prints "watching N folders", then one line for each file or
folder that is opened in or below them. Does not see folders that are made later.
inotify watches inodes, so the mount, process, namespace or sandbox does not matter.
"""

import ctypes
import os
import select
import struct
import sys

IN_OPEN = 0x20
IN_ISDIR = 0x40000000
EVENT = struct.Struct("iIII")


class Watch:
    """inotify, which Python has no module for."""

    def __init__(self):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._check(self._libc.inotify_init1(os.O_CLOEXEC), "inotify_init1")
        self._folders = {}

    @staticmethod
    def _check(result, what):
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, "%s: %s" % (what, os.strerror(number)))
        return result

    @staticmethod
    def _fail(error):
        raise error

    def add(self, folder):
        """Watches a folder and all below it. Returns how many those are."""
        folders = [path for path, _, _ in os.walk(folder, onerror=self._fail)]
        for path in folders:
            number = self._check(
                self._libc.inotify_add_watch(self.descriptor, os.fsencode(path), IN_OPEN), path)
            self._folders[number] = path
        return len(folders)

    def events(self):
        """The paths of the events that there are; waits for the first."""
        data, at = os.read(self.descriptor, 65536), 0
        while at < len(data):
            number, mask, _, length = EVENT.unpack_from(data, at)
            at += EVENT.size
            name = os.fsdecode(data[at:at + length].rstrip(b"\0"))
            at += length
            if number not in self._folders:
                raise OverflowError("inotify lost events")
            path = os.path.join(self._folders[number], name) if name else self._folders[number]
            yield path + ("/" if mask & IN_ISDIR else "")


def main(folders):
    if not folders:
        sys.exit(__doc__)
    watch = Watch()
    count = sum(watch.add(folder) for folder in folders)
    # Listing the folders has opened those that were watched by then.
    while select.select([watch.descriptor], [], [], 0)[0]:
        list(watch.events())
    print("watching %d folders" % count, flush=True)
    seen = set()
    stopped = False
    while True:
        ready, _, _ = select.select([watch.descriptor] + ([] if stopped else [0]), [], [],
                                    0 if stopped else None)
        if watch.descriptor in ready:
            for path in watch.events():
                if path not in seen:
                    seen.add(path)
                    print(path, flush=True)
        elif stopped:
            return
        elif 0 in ready and not os.read(0, 4096):
            stopped = True  # and what has been opened before is still told


if __name__ == "__main__":
    main(sys.argv[1:])
