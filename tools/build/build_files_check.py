#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks BUILD, WORKSPACE and .bzl files with Python only (tools/lint); buildifier, if it is
installed, finds more.

    build_files_check.py FILE...

- The file parses (the Starlark that is used here is also Python), and its first line names
  the licence.
- load() is at the top, and every loaded name is used.
- srcs, hdrs, deps and data are sorted and have no duplicates.
- No package is public by default.
- Rules and providers that Bazel 9 no longer has built in are loaded.
- A .bzl file has a docstring.
"""

import ast
import os
import re
import sys

SORTED = ("srcs", "hdrs", "deps", "data")
PUBLIC = "//visibility:public"
# Native rules and providers that Bazel 8 and 9 removed, and the file that has them instead.
REMOVED = re.compile(r"(?:cc|java|proto|py|sh)_(?:binary|import|library|proto_library|shared_library|test|toolchain)"
                     r"|CcInfo|JavaInfo|ProtoInfo|PyInfo|cc_common|java_common")
INSTEAD = {"cc": "@rules_cc//cc:defs.bzl", "Cc": "@rules_cc//cc:defs.bzl", "sh": "@rules_shell//shell:NAME.bzl"}


def sort_key(label):
    """Files and labels in buildifier's order: names, then ":", "//" and "@"."""
    phase = next((number for number, start in ((1, ":"), (2, "//"), (3, "@")) if label.startswith(start)), 0)
    return phase, re.split(r"[.:]", label)


def strings(node):
    """The values of a list of nothing but strings, else None."""
    if isinstance(node, ast.List) and all(
            isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.elts):
        return [item.value for item in node.elts]
    return None


def calls(tree, name):
    return [node for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name]


def check_loads(path, tree):
    loads = [statement for statement in tree.body
             if isinstance(statement, ast.Expr) and statement.value in calls(tree, "load")]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for load in loads:
        names = [item.value for item in load.value.args[1:]] + [item.arg for item in load.value.keywords]
        for name in names:
            if name not in used:
                yield load.lineno, f"{name} is loaded and not used"
    # A WORKSPACE loads from what it has declared before.
    if os.path.basename(path) == "WORKSPACE":
        return
    others = [statement.lineno for statement in tree.body if statement not in loads
              and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))]
    for load in loads:
        if others and load.lineno > others[0]:
            yield load.lineno, "load() below other statements"


def check_removed(tree):
    """Rules that Bazel 4 and 7 have by themselves, and Bazel 9 does not."""
    loaded = {name for load in calls(tree, "load")
              for name in [item.value for item in load.args[1:]] + [item.arg for item in load.keywords]}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "native":
            name, shown = node.attr, f"native.{node.attr}"
        elif isinstance(node, ast.Name) and node.id not in loaded:
            name = shown = node.id
        else:
            continue
        if REMOVED.fullmatch(name):
            instead = INSTEAD.get(name[:2], "its repository").replace("NAME", name)
            yield node.lineno, f"Bazel 9 has no native rule or provider {shown}: load {name} from {instead}"


def check_lists(tree):
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for keyword in call.keywords:
            values = strings(keyword.value) if keyword.arg in SORTED else None
            if not values:
                continue
            line = keyword.value.lineno
            for one, two in zip(values, values[1:]):
                if one == two:
                    yield line, f"{keyword.arg} names {one} twice"
                elif sort_key(one) > sort_key(two):
                    yield line, f"{keyword.arg} is not sorted: {two} after {one}"


def check_visibility(tree):
    for call in calls(tree, "package"):
        for keyword in call.keywords:
            if keyword.arg == "default_visibility" and PUBLIC in (strings(keyword.value) or []):
                yield call.lineno, "everything in this package is public by default"


def check(name, text):
    """Yields (line, sentence) of what is wrong with a file."""
    if "SPDX-License-Identifier: " not in text.partition("\n")[0]:
        yield 1, "the first line does not name the licence"
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, f"does not parse: {error.msg}"
        return
    if name.endswith(".bzl") and not ast.get_docstring(tree):
        yield 1, "does not say what it is for"
    yield from check_loads(name, tree)
    yield from check_removed(tree)
    yield from check_lists(tree)
    # Overlays (*.BUILD) are for other repositories, and may be public.
    if os.path.basename(name) == "BUILD.bazel":
        yield from check_visibility(tree)


def main(paths):
    status = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line, sentence in check(path, file.read()):
                print(f"{path}:{line}: {sentence}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
