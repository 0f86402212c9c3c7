# SPDX-License-Identifier: Apache-2.0
"""The base of the tests of scripts: loads scripts as modules, and reports results as the
end-to-end tests do."""

import importlib.machinery
import importlib.util
import os
import sys


def runfile(path):
    """The absolute path of a file of this repository that the test depends on."""
    return os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], path)


def load(path):
    """Loads a script of this repository as a module, without running its main()."""
    name = os.path.basename(path).partition(".")[0]
    # Scripts import others of their folder.
    sys.path.insert(0, os.path.dirname(runfile(path)))
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader(name, runfile(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    return module


harness = load("tests/e2e/harness.py")
