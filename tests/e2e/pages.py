# SPDX-License-Identifier: Apache-2.0
"""Reads the code blocks of a documentation page, and says what a test does with each.

A block begins with three backticks and an info string:

  sh                 run, in the order of the page, by one shell for each page
  sh terminal        run with a terminal as its output
  sh until=TEXT      one command, run until TEXT appears in its output, then stopped by SIGTERM
  sh root ...        run only as root, in network namespaces of the test
  sh needs=A,B ...   run only where there are these programs; "gRPC" (of weir), "GoogleTest"
  sh skip: REASON    not run; the test prints the reason
  textproto          a complete pipeline file in the layout of `weir fmt`: `weir validate` accepts it
  textproto file=N   the same, and commands of the page find it as the file N
  textproto stage    some stages: `weir validate` accepts them with a source and a sink added
  text shows         the lines appear in the output of the last sh block; "..." is any text
  text, json, c, ini and other languages without a word behind them: shown only

A page that needs programs for all its blocks says so in a comment:
<!-- test: needs=gcc,cmake -->
"""

import dataclasses
import re

SHOWN_ONLY = {"text", "json", "c", "cpp", "ini", "proto", "cmake", "make", "starlark", "python"}
_FENCE = re.compile(r"^( *)```(.*)$")
_NEEDS = re.compile(r"^<!-- test: needs=(\S+) -->$", re.MULTILINE)


class PageError(Exception):
    """What is wrong with a page, with its line."""


@dataclasses.dataclass
class Block:
    """A code block. `line` is the line of its first backtick, counted from 1."""
    line: int
    language: str
    text: str
    skip: str = ""
    root: bool = False
    terminal: bool = False
    until: str = ""
    needs: tuple = ()
    file: str = ""
    stage: bool = False
    shows: bool = False


def _describe(line, info, text):
    language, _, rest = info.partition(" ")
    block = Block(line, language, text)
    if not language:
        raise PageError(f"{line}: a code block without a language")
    if rest.startswith("skip: ") and language == "sh":
        block.skip = rest[len("skip: "):]
        return block
    for word in rest.split():
        name, _, value = word.partition("=")
        if language == "sh" and word in ("root", "terminal"):
            setattr(block, word, True)
        elif language == "sh" and name == "until" and value:
            block.until = value
        elif language == "sh" and name == "needs" and value:
            block.needs = tuple(value.split(","))
        elif language == "textproto" and name == "file" and value:
            block.file = value
        elif language == "textproto" and word == "stage":
            block.stage = True
        elif language == "text" and word == "shows":
            block.shows = True
        else:
            raise PageError(f"{line}: the test does not know '{word}' of a block of {language}")
    if language not in SHOWN_ONLY | {"sh", "textproto"}:
        raise PageError(f"{line}: the test does not know the language '{language}'")
    if block.until and len(text.strip().splitlines()) != 1:
        raise PageError(f"{line}: a block with until= must be one command on one line")
    return block


def blocks(text):
    """The code blocks of a page, in their order. Raises PageError."""
    found, start, info, body = [], 0, "", []
    for number, line in enumerate(text.split("\n"), 1):
        fence = _FENCE.match(line)
        if not fence and start:
            body.append(line)
        elif fence and not start:
            start, info, body = number, fence[2].strip(), []
        elif fence:
            found.append(_describe(start, info, "\n".join(body) + "\n"))
            start = 0
    if start:
        raise PageError(f"{start}: a code block without an end")
    commands = None
    for block in found:
        commands = block if block.language == "sh" else commands
        if block.shows and (commands is None or commands.skip):
            raise PageError(f"{block.line}: no sh block that is run stands before this output")
    return found


def page_needs(text):
    """The programs that all blocks of a page need."""
    found = _NEEDS.search(text)
    return tuple(found[1].split(",")) if found else ()


_STAGE = re.compile(r'^\s*(source|transform|sink)\s*\{\s*name:\s*"([^"]+)"', re.MULTILINE)
_INPUT = re.compile(r'\binput:\s*"([^"]+)"')


def completed(stages):
    """A pipeline with some stages, and a source and a sink for what these leave open."""
    kinds = {name: kind for kind, name in _STAGE.findall(stages)}
    inputs = set(_INPUT.findall(stages))
    added = [f'source {{ name: "{name}" type: "record_file" config {{ path: "-" }} }}\n'
             for name in sorted(inputs - set(kinds))]
    open_ends = [name for name, kind in kinds.items() if kind != "sink" and name not in inputs]
    if open_ends:
        taken = " ".join(f'input: "{name}"' for name in open_ends)
        added.append(f'sink {{ name: "added" type: "stdout" {taken} }}\n')
    return stages + "".join(added)


def missing_line(wanted, shown):
    """The first line of `wanted` that does not follow in `shown`; None if all do. Blanks at the
    ends of lines and their number do not matter, and "..." stands for any text."""
    rest = [" ".join(line.split()) for line in shown.replace("\r", "").split("\n")]
    for line in wanted.strip("\n").split("\n"):
        line = " ".join(line.split())
        pattern = re.compile(".*".join(re.escape(part) for part in line.split("...")))
        while rest and not pattern.fullmatch(rest[0]):
            rest.pop(0)
        if not rest:
            return line
        rest.pop(0)
    return None
