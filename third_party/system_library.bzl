# SPDX-License-Identifier: Apache-2.0
"""A C++ library of the machine, found by pkg-config: `system_library()`.

Makes @NAME//:library, a cc_library, and @NAME//:found.bzl with

    FOUND    true if the library is installed and recent enough
    PROBLEM  otherwise a sentence with the reason and the package to install

Targets that use it are made after

    load("@NAME//:found.bzl", "FOUND")

only if FOUND is true, and have the tag `system`. So //... builds on a machine without the
library, and the hermetic build (--config=hermetic sets WEIR_SYSTEM_LIBRARIES=none) never
uses it. Without the library @NAME//:library fails with the sentence.
"""

load(":host_tools.bzl", "is_at_least")

_BUILD = """\
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "library",
    defines = {defines},
    includes = {includes},
    linkopts = {linkopts},
    tags = ["system"],
)
"""

_ABSENT_BUILD = """\
load(":found.bzl", "absent_library")

absent_library(
    name = "library",
    tags = ["system"],
    visibility = ["//visibility:public"],
)
"""

_ABSENT = """\
load("@rules_cc//cc:defs.bzl", "CcInfo")

def _absent_library_impl(_ctx):
    fail(PROBLEM)

absent_library = rule(
    implementation = _absent_library_impl,
    provides = [CcInfo],
)
"""

def _look_for(ctx):
    """Returns (version, problem) of the library; one of them is empty."""
    attr = ctx.attr
    install = "install the package %s" % attr.package
    if ctx.os.environ.get("WEIR_SYSTEM_LIBRARIES", "") == "none":
        return "", "this build uses no library of the machine (WEIR_SYSTEM_LIBRARIES=none), and %s is one" % attr.module
    if not ctx.which("pkg-config"):
        return "", "pkg-config is not on this machine, so %s cannot be found: install the packages pkg-config and %s" % (attr.module, attr.package)
    asked = ctx.execute(["pkg-config", "--modversion", attr.module])
    if asked.return_code != 0:
        return "", "%s is not on this machine: %s" % (attr.module, install)
    version = asked.stdout.strip()
    if not is_at_least(version, attr.least):
        return "", "%s is version %s, weir needs %s or later: %s" % (attr.module, version, attr.least, install)
    return version, ""

def _system_library_impl(ctx):
    version, problem = _look_for(ctx)
    found = "FOUND = %r\nVERSION = %r\nPROBLEM = %r\n" % (not problem, version, problem)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name, executable = False)
    if problem:
        ctx.file("found.bzl", _ABSENT + found, executable = False)
        ctx.file("BUILD.bazel", _ABSENT_BUILD, executable = False)
        return
    words = []
    for what in ["--cflags", "--libs-only-L"]:
        asked = ctx.execute(["pkg-config", what, ctx.attr.module])
        if asked.return_code != 0:
            fail("pkg-config %s %s: %s" % (what, ctx.attr.module, asked.stderr))
        words += [word for word in asked.stdout.strip().split(" ") if word]

    # Folders of the library become links: Bazel accepts no other absolute path.
    includes = []
    for folder in [word[2:] for word in words if word.startswith("-I")]:
        link = "include_%d" % len(includes)
        ctx.symlink(folder, link)
        includes.append(link)
    ctx.file("found.bzl", found, executable = False)
    ctx.file("BUILD.bazel", _BUILD.format(
        defines = repr([word[2:] for word in words if word.startswith("-D")]),
        includes = repr(includes),
        linkopts = repr([word for word in words if word.startswith("-L")] +
                        ["-l" + name for name in ctx.attr.link]),
    ), executable = False)

system_library = repository_rule(
    implementation = _system_library_impl,
    doc = "A C++ library of the machine, or the reason why weir cannot use it.",
    # Looked up again with every new server, because packages of the machine change.
    local = True,
    configure = True,
    environ = ["PATH", "PKG_CONFIG_PATH", "WEIR_SYSTEM_LIBRARIES"],
    attrs = {
        "module": attr.string(mandatory = True, doc = "its name for pkg-config"),
        "least": attr.string(mandatory = True, doc = "the oldest accepted version"),
        "package": attr.string(mandatory = True, doc = "Debian's package"),
        "link": attr.string_list(mandatory = True, doc = "the libraries to link, without lib and .so"),
    },
)
