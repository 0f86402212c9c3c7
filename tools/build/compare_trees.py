#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_trees.py [--quiet] A B: compares two folders byte for byte.

Names, kinds, modes, targets of links, and every byte of every file. Each thing that
differs is named, with a hint of what it is; the last line says how much was compared
and the SHA-256 of the tree (of one line for each entry: kind, mode, name, and the
SHA-256 of what is in it). Exit code 1 if anything differs or there is nothing in A.
"""

import argparse
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys

MOST_HINTS = 5
# Strings shorter than this are chance.
SHORTEST_STRING = 6


def entries(top):
    """Path from `top` -> (kind, mode, content), content as bytes."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                # The mode of a link means nothing.
                entry = ("link", 0, os.readlink(path).encode())
            elif stat.S_ISDIR(mode):
                entry = ("folder", stat.S_IMODE(mode), b"")
            elif stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    entry = ("file", stat.S_IMODE(mode), file.read())
            else:
                entry = ("special", stat.S_IMODE(mode), b"")
            found[os.path.relpath(path, top)] = entry
    return found


def digest(found):
    """The SHA-256 of a tree."""
    sum_of_all = hashlib.sha256()
    for path in sorted(found):
        kind, mode, content = found[path]
        line = f"{kind} {mode:o} {path} {hashlib.sha256(content).hexdigest()}\n"
        sum_of_all.update(line.encode("utf-8", "surrogateescape"))
    return sum_of_all.hexdigest()


def strings(content):
    return set(re.findall(rb"[\x20-\x7e]{%d,}" % SHORTEST_STRING, content))


def section_of(path, offset):
    """The name of the ELF section that a byte is in; "" if unknown."""
    if not shutil.which("readelf"):
        return ""
    done = subprocess.run(["readelf", "-SW", path], text=True, capture_output=True, check=False)
    for line in done.stdout.splitlines():
        fields = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+([0-9a-f]+)\s+([0-9a-f]+)", line)
        if fields:
            start, size = int(fields[2], 16), int(fields[3], 16)
            if start <= offset < start + size:
                return fields[1]
    return ""


def file_hints(path_a, path_b, a, b):
    """Lines that say where two contents differ and what strings only one has."""
    first = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    differing = sum(x != y for x, y in zip(a, b)) + abs(len(a) - len(b))
    where = section_of(path_a, first) if a.startswith(b"\x7fELF") else ""
    yield (f"{len(a)} and {len(b)} bytes, {differing} differ, the first at {first}"
           + (f" (section {where})" if where else ""))
    for side, mine, other in (("A", a, b), ("B", b, a)):
        for text in sorted(strings(mine) - strings(other))[:MOST_HINTS]:
            yield f"only {side}: {text.decode()}"
    if shutil.which("diffoscope"):
        done = subprocess.run(["diffoscope", "--max-report-size=4000", path_a, path_b],
                              text=True, capture_output=True, check=False)
        yield from done.stdout.splitlines()[:60]


def differences(top_a, top_b, a, b):
    """(path, lines) for each path that is not the same on both sides."""
    for path in sorted(set(a) | set(b)):
        if path not in a or path not in b:
            yield path, ["only " + ("A" if path in a else "B") + " has it"]
            continue
        (kind_a, mode_a, content_a), (kind_b, mode_b, content_b) = a[path], b[path]
        lines = []
        if kind_a != kind_b:
            lines.append(f"{kind_a} and {kind_b}")
        elif mode_a != mode_b:
            lines.append(f"mode {mode_a:o} and {mode_b:o}")
        if content_a != content_b:
            lines += file_hints(os.path.join(top_a, path), os.path.join(top_b, path),
                                content_a, content_b)
        if lines:
            yield path, lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quiet", action="store_true", help="only name what differs")
    parser.add_argument("a")
    parser.add_argument("b")
    arguments = parser.parse_args()
    a, b = entries(arguments.a), entries(arguments.b)
    bad = 0
    for path, lines in differences(arguments.a, arguments.b, a, b):
        bad += 1
        print(f"differs: {path}")
        if not arguments.quiet:
            for line in lines:
                print(f"  {line}")
    files = [content for kind, _, content in a.values() if kind == "file"]
    size = sum(map(len, files))
    if bad:
        print(f"{bad} of {len(set(a) | set(b))} entries differ")
    elif not files:
        print(f"there is no file in {arguments.a}")
    else:
        print(f"the same: {len(files)} files, {size} bytes, sha256 of the tree {digest(a)}")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
