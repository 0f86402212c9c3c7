#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs what one test counted (*.gcda) into the one file that Bazel keeps of it.

Bazel's wrapper of tests calls it, in the place of its own "lcov merger", as
coverage_bundle.py --coverage_dir=DIR --output_file=FILE ... after a test that passed.
tools/coverage unpacks the files: gcov needs the compiler's notes beside them, and
those of every object, not only of what this test depends on.
"""

import argparse
import os
import sys
import tarfile


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coverage_dir", required=True)
    parser.add_argument("--output_file", required=True)
    options, _ = parser.parse_known_args(arguments)
    packed = []
    with tarfile.open(options.output_file, "w:gz", compresslevel=1) as bundle:
        for folder, _, names in os.walk(options.coverage_dir):
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith(".gcda"):
                    bundle.add(path, os.path.relpath(path, options.coverage_dir))
                    packed.append(path)
    # A test that is not sandboxed has the same folder the next time, and the counts
    # would be added up.
    for path in packed:
        os.remove(path)


if __name__ == "__main__":
    main(sys.argv[1:])
