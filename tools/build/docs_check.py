#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs_check.py [FOLDER]: checks the documentation of a checkout (tools/lint runs it).

- Every link inside the repository leads to a file, and to a heading if it has an anchor.
- Every page under docs/ can be reached from docs/README.md.
- Every script that a page names (`tools/NAME`) exists.
- The metrics in docs/reference/metrics.md are those of the code, and the code has no others.
- Every SVG in docs/diagrams is what its .diagram file draws.

Prints one line for each finding; the exit code is 1 if there is one."""

import glob
import os
import re
import sys

import diagram

METRICS = "docs/reference/metrics.md"
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)", re.DOTALL)
_CODE = re.compile(r"``.*?``|`[^`]*`", re.DOTALL)
_SCRIPT = re.compile(r"`(?:\./)?(tools/[a-z0-9_/-]+)(?=[ `])")
_METRIC_OF_CODE = re.compile(r'(?:Counter|Gauge)\(\s*"(weir_[a-z0-9_]+)"')
_METRIC_OF_PAGE = re.compile(r"^\| `(weir_[a-z0-9_]+)` \|", re.MULTILINE)


def without_blocks(text):
    """The text without its code blocks; lines stay where they are."""
    return re.sub(r"^ *```.*?^ *```$", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)


def anchors(text):
    """What a link can have behind # for a page: its headings, as GitHub writes them."""
    found = set()
    for heading in re.findall(r"^#+ +(.+?) *$", without_blocks(text), re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")
        unique, count = anchor, 0
        while unique in found:
            count += 1
            unique = f"{anchor}-{count}"
        found.add(unique)
    return found


class Checkout:
    """The pages of a checkout, and what was found in them."""

    def __init__(self, folder):
        self.folder = folder
        self.findings = []
        names = glob.glob("**/*.md", root_dir=folder, recursive=True)
        self.pages = {name: self.read(name) for name in sorted(names) if not name.startswith("bazel-")}

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def exists(self, name):
        return os.path.exists(os.path.join(self.folder, name))

    def find(self, page, position, text):
        line = self.pages[page].count("\n", 0, position) + 1
        self.findings.append(f"{page}:{line}: {text}")

    def links(self, page):
        """(position, file, anchor) of each link to this repository. A position is that of the page."""
        text = without_blocks(self.pages[page])
        # Lengths stay, so that positions do.
        text = _CODE.sub(lambda found: re.sub(r"[^\n]", "x", found[0]), text)
        lines_before = self.pages[page].split("\n")
        for found in _LINK.finditer(text):
            target, _, anchor = found[1].partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            line = text.count("\n", 0, found.start())
            position = sum(len(before) + 1 for before in lines_before[:line])
            name = os.path.normpath(os.path.join(os.path.dirname(page), target)) if target else page
            yield position, name, anchor

    def check_links(self):
        for page in self.pages:
            for position, name, anchor in self.links(page):
                if not self.exists(name):
                    self.find(page, position, f"a link to {name}, which does not exist")
                elif anchor and name in self.pages and anchor not in anchors(self.pages[name]):
                    self.find(page, position, f"a link to #{anchor}, which {name} does not have")

    def check_all_are_reached(self):
        start = "docs/README.md"
        reached, waiting = {start}, [start]
        while waiting:
            for _, name, _ in self.links(waiting.pop()):
                if name in self.pages and name not in reached:
                    reached.add(name)
                    waiting.append(name)
        for page in sorted(set(self.pages) - reached):
            if page.startswith("docs/") and not page.endswith("/template.md"):
                self.find(page, 0, f"no link leads here from {start}")

    def check_scripts(self):
        for page, text in self.pages.items():
            for found in _SCRIPT.finditer(text):
                if not self.exists(found[1]):
                    self.find(page, found.start(), f"there is no {found[1]}")

    def metrics_of_code(self):
        found = set()
        for folder in ("core", "sources", "transforms", "sinks", "tools"):
            for ending in ("cc", "h"):
                for name in glob.glob(f"{folder}/**/*.{ending}", root_dir=self.folder, recursive=True):
                    if "_test." not in name and "/testing/" not in name:
                        found |= set(_METRIC_OF_CODE.findall(self.read(name)))
        return found

    def check_metrics(self):
        of_code, of_page = self.metrics_of_code(), set(_METRIC_OF_PAGE.findall(self.pages[METRICS]))
        for name in sorted(of_code - of_page):
            self.find(METRICS, 0, f"{name} is not described")
        for name in sorted(of_page - of_code):
            self.find(METRICS, self.pages[METRICS].index(f"`{name}`"), f"the code has no {name}")
        for page, text in self.pages.items():
            # A guide may define the metrics of an example plugin.
            known = of_code | set(_METRIC_OF_CODE.findall(text))
            for found in re.finditer(r"\bweir_\w+_total\b", text):
                if page != METRICS and page.startswith("docs/") and found[0] not in known:
                    self.find(page, found.start(), f"the code has no {found[0]}")

    def check_diagrams(self):
        for name in sorted(glob.glob("docs/diagrams/*.diagram", root_dir=self.folder)):
            target = name.removesuffix(".diagram") + ".svg"
            wanted = diagram.draw(self.read(name), os.path.basename(name))
            if not self.exists(target) or self.read(target) != wanted:
                self.findings.append(f"{target}: not what {name} draws; run tools/build/diagram.py {name}")

    def check(self):
        self.check_links()
        self.check_all_are_reached()
        self.check_scripts()
        self.check_metrics()
        self.check_diagrams()
        return self.findings


def main(arguments):
    findings = Checkout(arguments[0] if arguments else ".").check()
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
