#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reference_pages.py [--check] BUNDLE FOLDER: the generated pages of docs/reference.

BUNDLE is bazel-bin/tools/weir/reference.txt: each page behind a line "=== PATH". Writes the
pages into FOLDER and removes generated pages that are no longer made. With --check it changes
nothing, names the pages that are not up to date, and exits with 1 if there is one."""

import glob
import os
import sys

MARK = "<!-- Generated: "


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def split(bundle):
    """Path -> text of each page."""
    pages, path = {}, None
    for line in bundle.splitlines(keepends=True):
        if line.startswith("=== "):
            path = line[len("=== "):].strip()
            pages[path] = ""
        else:
            pages[path] += line
    return pages


def stale(pages, folder):
    """The pages of the folder that must be written or removed."""
    found = [path for path in glob.glob("**/*.md", root_dir=folder, recursive=True)
             if read(os.path.join(folder, path)).startswith(MARK)]
    return sorted(path for path in set(found) | set(pages) if read(os.path.join(folder, path)) != pages.get(path))


def main(arguments):
    check = arguments[:1] == ["--check"]
    bundle, folder = arguments[check:]
    pages = split(read(bundle))
    changed = stale(pages, folder)
    for path in changed:
        target = os.path.join(folder, path)
        if check:
            print(f"docs/reference/{path} is not up to date; run tools/reference", file=sys.stderr)
        elif path in pages:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as file:
                file.write(pages[path])
        else:
            os.remove(target)
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
