# SPDX-License-Identifier: Apache-2.0
"""Every external repository of weir, for MODULE.bazel files: the extension `dependencies`.

    bazel_dep(name = "weir", version = "0.1.0")

    weir = use_extension("@weir//third_party:extensions.bzl", "dependencies")
    use_repo(weir, "com_google_absl", "com_google_googletest")

use_repo() makes a library that weir pins visible under its name. The repositories are
those of weir_dependencies() in deps.bzl, which does the same for WORKSPACE files.
"""

load(":deps.bzl", "declare_dependencies")
load(":repositories.bzl", "stand_in")
load(":stand_ins.bzl", "ABSL_STAND_INS")

def _is_declared(_name):
    # Nobody else declares a repository in this extension.
    return False

def _dependencies_impl(_module_ctx):
    # Repositories of one extension see each other by these names, and nobody else sees
    # them without use_repo(). So the stand-in can have the name that abseil loads.
    stand_in(name = "bazel_skylib", files = ABSL_STAND_INS["weir_absl_skylib"])
    declare_dependencies(_is_declared)

dependencies = module_extension(
    implementation = _dependencies_impl,
    doc = "Declares the repositories that weir needs.",
)
