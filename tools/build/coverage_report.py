#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Line coverage of weir's own code from what instrumented tests left (tools/coverage).

Each test leaves a bundle of counts (coverage_bundle.py), one file per object of the
programs that it ran; the compiler left notes beside each object. gcov brings the two
together and says in JSON how often each line ran. Here those are added up over objects
and tests: a line of a header is one line, run if it ran in any of them. Objects of
which no test ran anything count with all their lines.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse

# Where code that is not weir's own is, seen from the top of the checkout.
NOT_OURS = ("/", "bazel-out/", "external/", "third_party/")
# Options that have a compiler write notes; which one it is is Bazel's choice.
INSTRUMENTED = frozenset(["--coverage", "-ftest-coverage"])
# gcov takes file names on its command line.
FILES_PER_RUN = 200


class Error(Exception):
    """What is said to the user, in one sentence."""


class Lines:
    """How often each line of each file ran: path -> line number -> count."""

    def __init__(self):
        self.files = collections.defaultdict(lambda: collections.defaultdict(int))

    def add_document(self, document, wanted):
        """Adds one document of gcov's JSON, of the files for which wanted(path)."""
        if document.get("format_version") not in ("1", "2"):
            raise Error(f"gcov writes format {document.get('format_version')!r}, "
                        "which this script does not know")
        for file in document["files"]:
            path = own_path(file["file"], document.get("current_working_directory", ""))
            if not file["lines"] or not wanted(path):
                continue
            counts = self.files[path]
            # One line stands there several times: once for each instance of a template.
            for line in file["lines"]:
                counts[line["line_number"]] += line["count"]

    def add(self, other):
        for path, counts in other.files.items():
            mine = self.files[path]
            for number, count in counts.items():
                mine[number] += count


def own_path(path, directory):
    """The path as it is in the checkout: the compiler ran at its top."""
    path = os.path.normpath(path)
    if os.path.isabs(path) and directory:
        relative = os.path.relpath(path, directory)
        return path if relative.startswith("..") else relative
    return path


class Total:
    """Lines that could run, and those that did."""

    def __init__(self, lines=0, run=0):
        self.lines = lines
        self.run = run

    def add(self, counts):
        self.lines += len(counts)
        self.run += sum(1 for count in counts.values() if count)

    def percent(self):
        return 100.0 * self.run / self.lines if self.lines else 0.0


def by_folder(lines, paths):
    """folder -> Total of the given paths."""
    totals = collections.defaultdict(Total)
    for path in paths:
        totals[os.path.dirname(path)].add(lines.files[path])
    return totals


def table(title, rows):
    """Text: a row for each (name, Total) and one for all of them."""
    rows = list(rows)
    everything = Total(sum(t.lines for _, t in rows), sum(t.run for _, t in rows))
    width = max([len(title), len("total")] + [len(name) for name, _ in rows])
    text = [f"{title:<{width}}  lines    run      %"]
    for name, total in rows + [("total", everything)]:
        text.append(f"{name:<{width}}  {total.lines:5}  {total.run:5}  {total.percent():5.1f}")
    return "\n".join(text)


def worst_first(lines, paths):
    """(path, Total) of the given paths, the one with the most lines left out first."""
    rows = []
    for path in paths:
        total = Total()
        total.add(lines.files[path])
        rows.append((path, total))
    return sorted(rows, key=lambda row: (row[1].run - row[1].lines, row[0]))


def tracefile(lines, paths):
    """The text of an lcov tracefile."""
    text = ["TN:"]
    for path in sorted(paths):
        counts = lines.files[path]
        text.append(f"SF:{path}")
        text += [f"DA:{number},{counts[number]}" for number in sorted(counts)]
        text += [f"LF:{len(counts)}", f"LH:{sum(1 for c in counts.values() if c)}", "end_of_record"]
    return "\n".join(text) + "\n"


def bundles(events_path):
    """label -> paths of the bundles of the tests that passed, of Bazel's build events."""
    found = collections.defaultdict(list)
    with open(events_path, encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            if "testResult" not in event.get("id", {}):
                continue
            result = event["testResult"]
            if result["status"] != "PASSED":
                continue
            label = event["id"]["testResult"]["label"]
            for output in result.get("testActionOutput", []):
                if output["name"] == "test.lcov":
                    found[label].append(
                        urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path))
            if not found[label]:
                raise Error(f"{label} passed and left no counts")
    return found


def objects(actions_path):
    """Paths below the execution root, without ".gcno", of the objects of weir's own sources."""
    with open(actions_path, encoding="utf-8") as file:
        graph = json.load(file)
    found = set()
    for action in graph.get("actions", []):
        arguments = action.get("arguments", [])
        if "-c" not in arguments or not INSTRUMENTED.intersection(arguments):
            continue
        source = arguments[arguments.index("-c") + 1]
        if source.startswith(("external/", "bazel-out/")):
            continue
        found.add(os.path.splitext(arguments[arguments.index("-o") + 1])[0])
    return found


def source_paths(labels_path):
    """The paths of the labels of source files in a file, one label a line."""
    with open(labels_path, encoding="utf-8") as file:
        return {label.strip().lstrip("/").replace(":", "/").lstrip("/")
                for label in file if label.startswith("//")}


def default_gcov():
    """The gcov of the version that `gcc` has: no other one reads its files."""
    version = subprocess.run(["gcc", "-dumpversion"], stdout=subprocess.PIPE, text=True, check=True)
    named = "gcov-" + version.stdout.strip().split(".")[0]
    return named if shutil.which(named) else "gcov"


def run_gcov(gcov, files, directory):
    """Yields gcov's documents on notes or counts. Its complaints are errors: it goes on
    where notes and counts do not belong together, and says it only on stderr."""
    for start in range(0, len(files), FILES_PER_RUN):
        done = subprocess.run([gcov, "--json-format", "--stdout", *files[start:start + FILES_PER_RUN]],
                              cwd=directory, capture_output=True, text=True, check=False)
        complaints = [line for line in done.stderr.splitlines()
                      if line and not line.endswith("assuming not executed")]
        if done.returncode != 0 or complaints:
            raise Error(f"{gcov} failed: {'; '.join(complaints[:3]) or done.returncode}")
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                yield json.loads(line)


def place_notes(directory, execution_root, names):
    """Puts the notes of objects where gcov looks for them: beside the counts."""
    for name in names:
        notes = os.path.join(directory, name + ".gcno")
        os.makedirs(os.path.dirname(notes), exist_ok=True)
        os.symlink(os.path.join(execution_root, name + ".gcno"), notes)


def unpack(bundle, directory):
    """Unpacks the counts of one test; returns the names of their objects."""
    names = []
    with tarfile.open(bundle) as files:
        for member in files.getmembers():
            if not member.isfile() or member.name.startswith("/") or ".." in member.name.split("/"):
                raise Error(f"{bundle} holds '{member.name}', which is no file of counts")
            files.extract(member, directory)
            names.append(os.path.splitext(member.name)[0])
    return names


def count_bundle(gcov, bundle, known, execution_root, wanted):
    """(Lines of one test, the objects that it ran something of)."""
    lines = Lines()
    with tempfile.TemporaryDirectory() as directory:
        # Generated code and dependencies leave counts too, if they are instrumented.
        ran = [name for name in unpack(bundle, directory) if name in known]
        place_notes(directory, execution_root, ran)
        for document in run_gcov(gcov, [name + ".gcda" for name in ran], directory):
            lines.add_document(document, wanted)
    return lines, set(ran)


def count_all(gcov, found, known, execution_root, wanted):
    """Lines of all tests together, with all lines of objects that none ran."""
    lines = Lines()
    ran = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(count_bundle, gcov, bundle, known, execution_root, wanted)
                for paths in found.values() for bundle in paths]
        for job in jobs:
            of_test, objects_of_test = job.result()
            lines.add(of_test)
            ran |= objects_of_test
    with tempfile.TemporaryDirectory() as directory:
        rest = sorted(known - ran)
        place_notes(directory, execution_root, rest)
        for document in run_gcov(gcov, [name + ".gcno" for name in rest], directory):
            lines.add_document(document, wanted)
    return lines


def write_output(directory, text, root):
    """The tracefile, and genhtml's pages if it is on this machine."""
    os.makedirs(directory, exist_ok=True)
    trace = os.path.join(directory, "coverage.info")
    with open(trace, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"\nwritten: {trace}")
    genhtml = shutil.which("genhtml")
    if not genhtml:
        print("SKIPPED: HTML pages: there is no genhtml (Debian's package lcov)")
        return
    pages = os.path.join(directory, "html")
    done = subprocess.run([genhtml, "--quiet", "--title=weir", "--output-directory", pages, trace],
                          cwd=root, check=False)
    if done.returncode != 0:
        raise Error("genhtml failed")
    print(f"written: {pages}/index.html")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True, help="the checkout")
    parser.add_argument("--execution-root", required=True, help="of Bazel")
    parser.add_argument("--events", required=True, help="Bazel's build events, JSON lines")
    parser.add_argument("--actions", required=True, help="the compilations: aquery, jsonproto")
    parser.add_argument("--test-labels", required=True, help="source files of tests")
    parser.add_argument("--other-labels", required=True, help="source files of all else")
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--output")
    parser.add_argument("--gcov", default=default_gcov())
    return parser.parse_args(arguments)


def report(options):
    known = objects(options.actions)
    if not known:
        raise Error("none of the compilations is instrumented: is it --config=coverage?")
    tests = source_paths(options.test_labels) - source_paths(options.other_labels)

    def wanted(path):
        return not path.startswith(NOT_OURS) and os.path.isfile(os.path.join(options.root, path))

    lines = count_all(options.gcov, bundles(options.events), known, options.execution_root, wanted)
    own = sorted(path for path in lines.files if path not in tests)
    if not own:
        raise Error("there is no line of weir's own in what was tested")
    print("\n" + table("folder", sorted(by_folder(lines, own).items())))
    print("\n" + table("apart: files of tests",
                       sorted(by_folder(lines, set(lines.files) - set(own)).items())))
    if options.files:
        print("\n" + table("file, most lines left out first", worst_first(lines, own)))
    print("\nNot counted: the BPF programs in bpf/, which run in the kernel.")
    if options.output:
        write_output(options.output, tracefile(lines, own), options.root)


def main(arguments):
    try:
        report(parse(arguments))
    except Error as error:
        print(f"tools/coverage: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
