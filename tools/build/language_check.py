#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the language of comments, docstrings and Markdown (tools/lint).

    language_check.py FILE...

- No sentence has more than MAX_WORDS words.
- No sentence has a phrase of tools/build/language.txt.
- No code and no code span has a retired name of that file as a whole identifier.

Tables, headings, code blocks and indented examples are not prose. Prints each finding as
FILE:LINE: TEXT, and exits with 1 if there is one.
"""

import ast
import io
import os
import re
import sys
import tokenize

MAX_WORDS = 34
RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "language.txt")

C_LIKE = (".c", ".cc", ".h", ".proto")
PYTHON_LIKE = (".py", ".bzl", ".bazel", ".BUILD", "WORKSPACE")
# One token of C, C++ or protobuf that can hide a comment or looks like one. A quote behind a
# digit or letter separates digits.
C_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"'
                     r"|(?<![0-9A-Za-z])'(?:\\.|[^'\\\n])*'", re.DOTALL)
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
LIST_ITEM = re.compile(r"\s*([-*]|[0-9]+\.)\s")
TABLE_ROW = re.compile(r"\S {3,}\S")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Rules:
    """The contents of language.txt: its format is described there."""

    def __init__(self, text):
        self.phrases, self.names = [], {}
        section = None
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            if line in ("[phrases]", "[names]"):
                section = line
                continue
            pattern, separator, advice = line.partition(" => ")
            if section is None or not separator:
                raise ValueError(f"language.txt:{number}: not a section and not 'OLD => NEW': {line}")
            if section == "[phrases]":
                self.phrases.append((re.compile(pattern), advice))
            else:
                self.names[pattern] = advice


class Paragraphs:
    """Joins lines of prose to paragraphs of (line, text)."""

    def __init__(self):
        self.found = []
        self._start, self._lines = 0, []

    def flush(self):
        if self._lines:
            self.found.append((self._start, " ".join(self._lines)))
        self._lines = []

    def add(self, line, text):
        if not text.strip() or TABLE_ROW.search(text):
            return self.flush()
        if LIST_ITEM.match(text):
            self.flush()
        if not self._lines:
            self._start = line
        self._lines.append(text.strip())
        return None

    def add_comment(self, line, text, alone):
        """One line of a comment, without its marker; `alone` if no code precedes it."""
        if not alone or text.startswith("    "):  # behind code, or an example
            self.flush()
        if text.startswith("    "):
            return
        self.add(line, text)
        if not alone:
            self.flush()


def without(text, spans):
    """Returns `text` with spaces in place of `spans`, so that lines keep their numbers."""
    parts, end = [], 0
    for start, stop in spans:
        parts += [text[end:start], re.sub(r"[^\n]", " ", text[start:stop])]
        end = stop
    return "".join(parts) + text[end:]


def read_c(text):
    """Reads C, C++ or protobuf. Returns the paragraphs of its comments, and its code without
    comments and strings."""
    paragraphs, spans, last = Paragraphs(), [], -1
    for token in C_TOKEN.finditer(text):
        spans.append(token.span())
        if not token.group().startswith(("//", "/*")):
            continue
        line = text.count("\n", 0, token.start()) + 1
        before = text[text.rfind("\n", 0, token.start()) + 1:token.start()]
        if line != last + 1:
            paragraphs.flush()
        content = token.group()[2:]
        if token.group().startswith("/*"):
            paragraphs.flush()
            content = content[:-2]
        for offset, part in enumerate(content.split("\n")):
            part = re.sub(r"^\s*\* ?", "", part) if offset else part
            paragraphs.add_comment(line + offset, part.lstrip("/").removeprefix(" "), not before.strip())
        last = line + content.count("\n")
        if token.group().startswith("/*"):
            paragraphs.flush()
    paragraphs.flush()
    return paragraphs.found, without(text, spans)


def read_python(text):
    """Reads Python or Starlark. Returns the paragraphs of its comments and docstrings, and its
    code without comments and strings."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    paragraphs, spans, last = Paragraphs(), [], -1
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    statement = True  # the next token begins a statement
    for token in tokens:
        (line, column), (end_line, end_column) = token.start, token.end
        if token.type == tokenize.COMMENT:
            alone = not token.line[:column].strip()
            if line != last + 1:
                paragraphs.flush()
            if line > 1 or not token.string.startswith("#!"):
                paragraphs.add_comment(line, token.string[1:].removeprefix(" "), alone)
            last = line
        elif token.type == tokenize.STRING and statement:
            paragraphs.flush()
            for offset, part in enumerate(ast.literal_eval(token.string).split("\n")):
                indent = len(part) - len(part.lstrip()) if offset else column
                if indent >= column + 4 and offset:
                    paragraphs.flush()
                    continue
                paragraphs.add(line + offset, part)
            paragraphs.flush()
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            spans.append((starts[line - 1] + column, starts[end_line - 1] + end_column))
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            statement = token.type == tokenize.NEWLINE
    paragraphs.flush()
    return paragraphs.found, without(text, spans)


def read_hash(text):
    """Reads a shell script or a textproto. Returns the paragraphs of its comment lines, and the
    other lines."""
    paragraphs, code = Paragraphs(), []
    for number, line in enumerate(text.split("\n"), 1):
        is_comment = line.lstrip().startswith("#") and not (number == 1 and line.startswith("#!"))
        code.append("" if is_comment else line)
        if is_comment:
            paragraphs.add_comment(number, line.lstrip()[1:].removeprefix(" "), True)
        else:
            paragraphs.flush()
    paragraphs.flush()
    return paragraphs.found, "\n".join(code)


def read_markdown(text):
    """Reads Markdown. Returns its paragraphs, and its code blocks and code spans."""
    paragraphs, code, fenced = Paragraphs(), [], False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            paragraphs.flush()
            code.append("")
            continue
        spans = " ".join(re.findall(r"`[^`]*`", line))
        code.append(line if fenced else spans)
        prose = not fenced and not line.lstrip().startswith(("|", "#", "<", "!["))
        paragraphs.add(number, line.strip().lstrip(">") if prose and not LIST_ITEM.match(line)
                       else line if prose else "")
    paragraphs.flush()
    return paragraphs.found, "\n".join(code)


def reader_of(path, first_line):
    """Returns the function that reads a file of this kind; None if its language is not checked."""
    if path.endswith(C_LIKE):
        return read_c
    if path.endswith(PYTHON_LIKE) or re.match(r"#!.*python3", first_line):
        return read_python
    if path.endswith(".md"):
        return read_markdown
    if path.endswith((".sh", ".textproto", ".bazelrc")) or re.match(r"#!.*sh\b", first_line):
        return read_hash
    return None


def check(path, text, rules):
    """Yields (line, finding) of one file."""
    reader = reader_of(path, text.partition("\n")[0])
    if reader is None:
        return
    paragraphs, code = reader(text)
    for line, paragraph in paragraphs:
        for sentence in SENTENCE_END.split(paragraph):
            words = [word for word in sentence.split() if re.search(r"\w", word)]
            if len(words) > MAX_WORDS:
                yield line, f"a sentence of {len(words)} words, at most {MAX_WORDS} are allowed: {sentence}"
            # A name or a quotation is not the words of the author.
            own = re.sub(r'`[^`]*`|"[^"]*"|\'[^\' ]*\'', "", sentence)
            for pattern, advice in rules.phrases:
                if phrase := pattern.search(own):
                    yield line, f"'{phrase.group()}': {advice}: {sentence}"
    for number, line in enumerate(code.split("\n"), 1):
        for name in IDENTIFIER.findall(line):
            if name in rules.names:
                yield number, f"the name '{name}' is retired: use {rules.names[name]}"


def main(paths):
    with open(RULES, encoding="utf-8") as file:
        rules = Rules(file.read())
    found = False
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        for line, finding in check(path, text, rules):
            print(f"{path}:{line}: {finding}")
            found = True
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__.strip())
    sys.exit(main(sys.argv[1:]))
