#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the pins of archives.bzl with Debian's indexes of source packages (tools/outdated).

    outdated.py ARCHIVES_BZL DIR SUITE...

reads DIR/SUITE.Sources. Prints a table, and a line per library of which a suite has a newer
version. Exit code 0: there is none. 1: there are some. 2: an index cannot be read.
"""

import ast
import os
import re
import sys


def archives(path):
    """The value of ARCHIVES."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "ARCHIVES":
            return ast.literal_eval(node.value)
    raise ValueError(f"{path}: there is no ARCHIVES")


def pinned_version(entry):
    """As archive_version() in archives.bzl."""
    return entry.get("version") or entry["strip"][0].rsplit("-", 1)[-1]


def upstream_version(debian_version):
    """'1:1.3.dfsg+really1.3.1-1+b1' is 1.3.1: without epoch, revision and Debian's suffixes."""
    version = debian_version.partition(":")[2] or debian_version
    version = version.rpartition("-")[0] or version
    version = version.rpartition("+really")[2]
    return re.split(r"[+~]|\.?dfsg|\.?ds\d*$", version)[0]


def key(version):
    """Versions in order. A date is the same with dashes and without."""
    version = re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\1\2\3", version)
    return [int(number) for number in re.findall(r"\d+", version)]


def versions(path, packages):
    """The newest upstream version of each of `packages` in an index."""
    found, package = {}, None
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            name, colon, value = line.rstrip("\n").partition(": ")
            if name == "Package" and colon:
                package = value if value in packages else None
            elif name == "Version" and colon and package:
                version = upstream_version(value)
                if package not in found or key(version) > key(found[package]):
                    found[package] = version
    return found


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def main(arguments):
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    path, folder, *suites = arguments
    pins = archives(path)
    packages = {entry["debian"] for entry in pins.values()}
    have = {}
    for suite in suites:
        try:
            have[suite] = versions(os.path.join(folder, suite + ".Sources"), packages)
        except OSError as error:
            print(f"tools/outdated: index of {suite}: {error.filename}: {error.strerror}", file=sys.stderr)
            return 2
        if not have[suite]:
            print(f"tools/outdated: index of {suite}: {os.path.join(folder, suite + '.Sources')}: "
                  "none of the pinned libraries is in it", file=sys.stderr)
            return 2
    rows, newer = [["library", "pinned", *suites]], []
    for name, entry in pins.items():
        pinned = pinned_version(entry)
        of_suites = [have[suite].get(entry["debian"], "-") for suite in suites]
        rows.append([name, pinned, *of_suites])
        for suite, version in zip(suites, of_suites):
            if version != "-" and key(version) > key(pinned):
                newer.append(f"{name}: {suite} has {version}, pinned is {pinned}")
                break
    print("\n".join(table(rows)))
    if newer:
        print("\n" + "\n".join(newer))
    return 1 if newer else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
