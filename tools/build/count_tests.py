#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts test cases by the results that Bazel reported.

count_tests.py EVENTS: reads the build events of one `bazel test` (JSON lines) and
the test.xml of each test in them. Prints why cases were skipped, which failed, and
as its last line "N passed, N failed" (", N skipped"). Exits with 1 if a case
failed, a test has no result, or no case ran. If the environment variable
WEIR_TEST_RESULTS names a file, the three numbers are added to it as a line.

count_tests.py --sum RESULTS: prints and judges the sum of such a file's lines.
"""

import json
import os
import sys
import urllib.parse
import xml.etree.ElementTree


def results(events_path):
    """Yields (label, passed, path of test.xml or None) of each attempt that counts."""
    with open(events_path, encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            if "testResult" not in event.get("id", {}):
                continue
            result = event["testResult"]
            xml_path = None
            for output in result.get("testActionOutput", []):
                if output["name"] == "test.xml":
                    xml_path = urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
            yield event["id"]["testResult"]["label"], result["status"] == "PASSED", xml_path


def cases(xml_path):
    """The <testcase> elements of a test.xml; none if there is no such file."""
    try:
        return list(xml.etree.ElementTree.parse(xml_path).iter("testcase"))
    except (OSError, TypeError, xml.etree.ElementTree.ParseError):
        return []


def is_failed(case):
    return case.find("failure") is not None or case.find("error") is not None


def why_skipped(case):
    """The reason, or None if the case was not skipped."""
    skipped = case.find("skipped")
    if skipped is None:
        return None
    return " ".join((skipped.get("message") or skipped.text or "no reason given").split())


def count(events_path):
    """(passed, failed, skipped) cases; says which failed, and why others were skipped."""
    passed = failed = skipped = 0
    for label, test_passed, xml_path in results(events_path):
        found = cases(xml_path)
        bad = [case for case in found if is_failed(case)]
        # A test that crashed or timed out may have written no case that failed.
        failed_here = len(bad) if bad or test_passed else 1
        for case in bad:
            print(f"FAILED: {label}: {case.get('classname')}.{case.get('name')}")
        if failed_here and not bad:
            print(f"FAILED: {label}")
        skipped_here = 0
        for case in found:
            reason = why_skipped(case)
            if reason is not None:
                skipped_here += 1
                print(f"SKIPPED: {label}: {case.get('name')}: {reason}")
        passed += len(found) - len(bad) - skipped_here
        failed += failed_here
        skipped += skipped_here
    return passed, failed, skipped


def total(results_path):
    """The sum of the lines that runs have added to a file of results."""
    sums = [0, 0, 0]
    with open(results_path, encoding="utf-8") as lines:
        for line in lines:
            numbers = [int(word) for word in line.split()]
            if len(numbers) != len(sums):
                raise ValueError(f"{results_path}: not a result: {line!r}")
            sums = [a + b for a, b in zip(sums, numbers)]
    return tuple(sums)


def verdict(passed, failed, skipped):
    """Prints the last line; returns the exit code."""
    # In front of it, so that it stays the last one where both go to one place.
    if passed == 0 and failed == 0:
        print("no test ran", file=sys.stderr, flush=True)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


def main(arguments):
    if arguments[0] == "--sum":
        return verdict(*total(arguments[1]))
    counts = count(arguments[0])
    if os.environ.get("WEIR_TEST_RESULTS"):
        with open(os.environ["WEIR_TEST_RESULTS"], "a", encoding="utf-8") as file:
            print(*counts, file=file)
    return verdict(*counts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
