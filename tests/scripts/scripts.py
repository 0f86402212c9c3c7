# SPDX-License-Identifier: Apache-2.0
"""What tests of scripts stand on: the scripts as modules, and results as the
end-to-end tests report them."""

import importlib.machinery
import importlib.util
import os
import sys


def runfile(path):
    """The absolute path of a file of this repository that the test depends on."""
    return os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], path)


def load(path):
    """A script of this repository as a module, without running it."""
    name = os.path.basename(path).partition(".")[0]
    # Its folder first: scripts import those beside them.
    sys.path.insert(0, os.path.dirname(runfile(path)))
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader(name, runfile(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    return module


harness = load("tests/e2e/harness.py")
