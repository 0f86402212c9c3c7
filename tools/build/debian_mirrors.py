#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the Debian mirrors that this machine already uses, out of its own apt sources.

One line each: the address, and the file of the key that signs it ("-" if none is
known). Only entries that carry the main archive of a suite of Debian itself count:
other vendors' repositories hold none of its packages, and its security and update
suites alone, often at another address, are not enough.
"""

import glob
import os
import re

SUITES = {"bookworm", "trixie", "forky", "bullseye", "sid", "stable",
          "oldstable", "testing", "unstable"}
DEFAULT_KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror(uris, suites, components, key):
    """Yields (address, key) of an entry, nothing if it is not Debian's main archive."""
    if not SUITES & {suite.strip("/") for suite in suites} or "main" not in components:
        return
    # A key given inline cannot be carried over into a one-line entry.
    if not key.startswith("/"):
        key = DEFAULT_KEY if os.path.exists(DEFAULT_KEY) else "-"
    for uri in uris:
        yield uri, key


def stanza_fields(stanza):
    """The fields of one deb822 stanza, names in lower case."""
    fields, name = {}, None
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace() and name:
            fields[name] += " " + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def deb822(text):
    """Mirrors of a *.sources file."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = stanza_fields(stanza)
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if {"deb", "deb-src"} & set(fields.get("types", "").split()):
            yield from mirror(*(fields.get(name, "").split()
                                for name in ("uris", "suites", "components")),
                              fields.get("signed-by", ""))


def one_line(text):
    """Mirrors of a *.list file."""
    for line in text.splitlines():
        match = re.match(r"\s*deb(?:-src)?\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if match:
            options = dict(o.split("=", 1) for o in (match[1] or "").split() if "=" in o)
            yield from mirror([match[2]], [match[3]], match[4].split(),
                              options.get("signed-by", ""))


def main():
    found = []
    for path in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*")):
        parse = {".list": one_line, ".sources": deb822}.get(os.path.splitext(path)[1])
        if parse and os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                found += [entry for entry in parse(file.read()) if entry not in found]
    for uri, key in found:
        print(uri, key)


if __name__ == "__main__":
    main()
