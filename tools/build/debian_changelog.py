#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CHANGELOG.md as Debian's changelog.

debian_changelog.py CHANGELOG VERSION REVISION MAINTAINER EPOCH: prints it. VERSION must
be that of the first section; a section without a date ("not released") has that of EPOCH,
in seconds since 1970.
"""

import datetime
import re
import sys
import textwrap

# Names of a locale must not come in.
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def sections(text):
    """Yields (version, date or None, body) for each `## VERSION (DATE)`."""
    parts = re.split(r"(?m)^## +(\S+) +\(([^)]*)\) *$", text)[1:]
    for version, when, body in zip(parts[::3], parts[1::3], parts[2::3]):
        dated = re.fullmatch(r"\d{4}-\d\d-\d\d", when)
        yield version, datetime.date.fromisoformat(when) if dated else None, body


def entries(body):
    """The paragraphs, list items and headings of a section, each on one line, without markup."""
    items = []
    for block in re.split(r"\n\s*\n|\n(?=- )", body.strip()):
        line = " ".join(block.split())
        if line:
            items.append(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line.removeprefix("- ")).replace("`", ""))
    return items


def rfc_2822(moment):
    return (f"{DAYS[moment.weekday()]}, {moment.day:02} {MONTHS[moment.month - 1]} {moment.year} "
            f"{moment:%H:%M:%S} +0000")


def entry(version, revision, body, maintainer, moment):
    lines = [f"weir ({version}-{revision}) unstable; urgency=medium", ""]
    for item in entries(body):
        if item.startswith("### "):
            lines += [""] * bool(lines[-1]) + [f"  [ {item.removeprefix('### ')} ]"]
            continue
        lines += textwrap.wrap(item, 78, initial_indent="  * ", subsequent_indent="    ",
                               break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines + ["", f" -- {maintainer}  {rfc_2822(moment)}", ""])


def main(path, wanted, revision, maintainer, epoch):
    with open(path, encoding="utf-8") as file:
        found = list(sections(file.read()))
    if not found or found[0][0] != wanted:
        newest = found[0][0] if found else "none"
        sys.exit(f"{path}: the first section is for {newest}, the program says it is {wanted}")
    fallback = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    texts = []
    for version, date, body in found:
        moment = datetime.datetime.combine(date, datetime.time()) if date else fallback
        texts.append(entry(version, revision, body, maintainer, moment))
    sys.stdout.write("\n".join(texts))


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
