#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the diagrams of the documentation: FILE.diagram becomes FILE.svg beside it.

  diagram.py FILE.diagram...           writes the SVG files
  diagram.py --check FILE.diagram...   exits with 1 and names those that are not up to date

A diagram is a list of lines. Positions and sizes are in steps of 10 pixels.

  size WIDTH HEIGHT
  group X Y WIDTH HEIGHT TEXT             a frame with a title
  box NAME X Y WIDTH HEIGHT TEXT          " / " in the text begins a new line
  text X Y TEXT                           centred
  arrow NAME NAME [TEXT]                  from one box to another: across if they are side by
                                          side, else down or up
"""

import html
import os
import sys

STEP = 10
STYLE = """
  text { font: 13px sans-serif; fill: #1f2328; text-anchor: middle }
  .group { fill: none; stroke: #8c959f; stroke-dasharray: 4 3 }
  .title { fill: #57606a; text-anchor: start }
  .box { fill: #ddf4ff; stroke: #0969da }
  .arrow { fill: none; stroke: #57606a; stroke-width: 1.5 }
  .head { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .title { fill: #9198a1 }
    .box { fill: #0c2d6b; stroke: #4493f8 }
    .arrow { stroke: #9198a1 }
    .head { fill: #9198a1 }
  }
"""


class DiagramError(Exception):
    """What is wrong with a line."""


def number(value):
    """A coordinate without a needless ".0"."""
    return f"{value:g}"


def lines_at(x, y, text, attributes=""):
    """The lines of a text around a point."""
    parts = text.split(" / ")
    # The baseline of the first line, so that the middle of the text is at y.
    first = y - 8 * (len(parts) - 1) + 4.5
    return [f'<text x="{number(x)}" y="{number(first + 16 * i)}"{attributes}>{html.escape(part)}</text>'
            for i, part in enumerate(parts)]


def arrow_points(start, end):
    """The corners of an arrow between two boxes, each (x, y, width, height)."""
    (x, y, width, height), (to_x, to_y, to_width, to_height) = start, end
    middle, to_middle = y + height / 2, to_y + to_height / 2
    centre, to_centre = x + width / 2, to_x + to_width / 2
    if x + width <= to_x or to_x + to_width <= x:
        rightward = x + width <= to_x
        begin, finish = (x + width, to_x) if rightward else (x, to_x + to_width)
        if abs(middle - to_middle) < 1:
            return [(begin, middle), (finish, to_middle)]
        turn = (begin + finish) / 2
        return [(begin, middle), (turn, middle), (turn, to_middle), (finish, to_middle)]
    begin, finish = (y + height, to_y) if y < to_y else (y, to_y + to_height)
    # Straight down from the smaller of the two, which lies above or below the other.
    at = centre if width <= to_width else to_centre
    return [(at, begin), (at, finish)]


def arrow(points, text):
    (before_x, before_y), (x, y) = points[-2:]
    across, down = (x > before_x) - (x < before_x), (y > before_y) - (y < before_y)
    head = [(x, y), (x - 8 * across - 4 * down, y - 8 * down - 4 * across),
            (x - 8 * across + 4 * down, y - 8 * down + 4 * across)]
    path = " L".join(f"{number(a)} {number(b)}" for a, b in points)
    corners = " ".join(f"{number(a)},{number(b)}" for a, b in head)
    out = [f'<path class="arrow" d="M{path}"/>', f'<polygon class="head" points="{corners}"/>']
    if text:
        (from_x, from_y), (to_x, to_y) = points[0], points[1]
        out += lines_at((from_x + to_x) / 2 + (0 if across else 6), (from_y + to_y) / 2 - (9 if across else 0), text,
                        "" if across else ' style="text-anchor: start"')
    return out


class Drawing:

    def __init__(self):
        self.size, self.boxes, self.out = None, {}, []

    def line(self, text):
        kind, _, rest = text.partition(" ")
        counts = {"size": 2, "group": 4, "text": 2, "box": 5, "arrow": 2}
        if kind not in counts:
            raise DiagramError(f"unknown word '{kind}'")
        words = rest.split(None, counts[kind])
        if len(words) < counts[kind]:
            raise DiagramError(f"'{kind}' has too few words")
        label = words[counts[kind]] if len(words) > counts[kind] else ""
        names = {"box": 1, "arrow": 2}.get(kind, 0)
        try:
            numbers = [float(word) * STEP for word in words[names:counts[kind]]]
        except ValueError as error:
            raise DiagramError(str(error)) from error
        getattr(self, "add_" + kind)(words[:names], numbers, label)

    def add_size(self, _, numbers, __):
        self.size = numbers

    def rectangle(self, kind, x, y, width, height):
        self.out.append(f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" width="{number(width)}" '
                        f'height="{number(height)}" rx="5"/>')

    def add_group(self, _, numbers, label):
        self.rectangle("group", *numbers)
        self.out += lines_at(numbers[0] + 8, numbers[1] + 13, label, ' class="title"')

    def add_box(self, names, numbers, label):
        self.boxes[names[0]] = numbers
        self.rectangle("box", *numbers)
        self.out += lines_at(numbers[0] + numbers[2] / 2, numbers[1] + numbers[3] / 2, label)

    def add_text(self, _, numbers, label):
        self.out += lines_at(*numbers, label)

    def add_arrow(self, names, _, label):
        for name in names:
            if name not in self.boxes:
                raise DiagramError(f"no box '{name}' above this line")
        self.out += arrow(arrow_points(self.boxes[names[0]], self.boxes[names[1]]), label)


def draw(text, name):
    """The SVG of a diagram. Raises DiagramError with the line."""
    drawing = Drawing()
    for count, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            drawing.line(line)
        except DiagramError as error:
            raise DiagramError(f"{name}:{count}: {error}") from None
    if not drawing.size:
        raise DiagramError(f"{name}: no size")
    width, height = (number(value) for value in drawing.size)
    body = "\n".join(drawing.out)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">\n<!-- Drawn by tools/build/diagram.py from {name}. -->\n'
            f"<style>{STYLE}</style>\n{body}\n</svg>\n")


def main(arguments):
    check = arguments[:1] == ["--check"]
    status = 0
    for path in arguments[check:]:
        target = path.removesuffix(".diagram") + ".svg"
        with open(path, encoding="utf-8") as file:
            wanted = draw(file.read(), os.path.basename(path))
        if not check:
            with open(target, "w", encoding="utf-8") as file:
                file.write(wanted)
            continue
        try:
            with open(target, encoding="utf-8") as file:
                found = file.read()
        except OSError:
            found = ""
        if found != wanted:
            print(f"{target} is not what {path} draws; run tools/build/diagram.py {path}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DiagramError as problem:
        sys.exit(str(problem))
