#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads an execution log of Bazel's and says what was not taken from a cache.

cache_report.py LOG: LOG is from --execution_log_json_file. Exit code 0 if every
action was a hit, 1 if one was run, or if there was none.
"""

import collections
import json
import sys


def actions(text):
    """Yields the actions of a log: JSON objects, one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        action, at = decoder.raw_decode(text, at)
        yield action


def is_hit(action):
    """Bazel 4 has `remoteCacheHit`; later ones `cacheHit`, and the cache as the runner."""
    return bool(action.get("remoteCacheHit") or action.get("cacheHit")
                or action.get("runner", "").endswith("cache hit"))


def main(path):
    with open(path, encoding="utf-8") as file:
        log = list(actions(file.read()))
    hits = collections.Counter(action["mnemonic"] for action in log if is_hit(action))
    misses = [action for action in log if not is_hit(action)]
    for action in misses:
        print("not from the cache: %s %s (%s)" % (
            action["mnemonic"], action.get("targetLabel") or " ".join(action["listedOutputs"]),
            action.get("runner", "?")), file=sys.stderr)
    print("%d actions from the cache (%s), %d run" % (
        sum(hits.values()), ", ".join("%d %s" % (n, name) for name, n in sorted(hits.items())),
        len(misses)))
    if not log:
        print("the log is empty: nothing was checked", file=sys.stderr)
    return 1 if misses or not log else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
