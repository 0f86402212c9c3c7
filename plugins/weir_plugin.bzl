# SPDX-License-Identifier: Apache-2.0
"""A plugin as one shared object that shows one symbol.

    load("//plugins:weir_plugin.bzl", "weir_plugin")

    weir_plugin(
        name = "weir_stdout",               # makes weir_stdout.so
        srcs = ["plugin.cc"],               # has weir_plugin_main
        proto = ":stdout_proto",            # optional: a weir_proto_library
        deps = [":stdout", "//plugins/sdk"],
    )

Every dependency is linked into the .so, generated protobuf included, and
nothing but weir_plugin_main can be seen from outside (exports.map). What it
needs at run time is the C and C++ runtime libraries only.

Another workspace loads it from "@weir//plugins:weir_plugin.bzl"; see
examples/external_workspace.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary")

# A plain "//plugins:exports.map" would be looked for in the workspace that calls
# the macro.
_EXPORTS = str(Label("//plugins:exports.map"))

def _with_suffix(label, suffix):
    """The label of a target whose name is that of another one and a suffix."""
    if ":" in label:
        return label + suffix
    if "//" in label:
        return "%s:%s%s" % (label, label.split("/")[-1], suffix)
    return ":" + label + suffix

def weir_plugin(
        name,
        srcs = [],
        deps = [],
        proto = None,
        copts = [],
        linkopts = [],
        exports = _EXPORTS,
        visibility = None,
        testonly = None,
        tags = None):
    """One plugin, `<name>.so`; see the top of this file.

    Args:
      name: of the file without its ".so", and of a filegroup that holds it.
      srcs: sources, one of which defines weir_plugin_main.
      deps: what it uses. A linker takes from a library what something refers
        to, so name every component in WEIR_PLUGIN: one that would register
        itself in a static object would not be there.
      proto: a weir_proto_library: short for it and its `_descriptors` in deps.
      copts: further options of the compiler.
      linkopts: further options of the linker.
      exports: another export map (for tests of defective plugins).
      visibility: of the plugin.
      testonly: as everywhere.
      tags: as everywhere.
    """
    if proto:
        deps = deps + [proto, _with_suffix(proto, "_descriptors")]
    cc_binary(
        name = name + ".so",
        srcs = srcs,
        copts = ["-fvisibility=hidden"] + copts,
        linkopts = [
            "-Wl,--version-script=$(location %s)" % exports,
            # Also of a library that nobody refers to.
            "-Wl,--undefined=weir_plugin_main",
            # A symbol that is nowhere is an error here and not in dlopen.
            "-Wl,-z,defs",
            "-Wl,-z,relro,-z,now",
            "-Wl,--gc-sections",
            "-Wl,--as-needed",
        ] + linkopts,
        additional_linker_inputs = [exports],
        linkshared = True,
        linkstatic = True,
        tags = tags,
        testonly = testonly,
        visibility = visibility,
        deps = deps,
    )
    native.filegroup(
        name = name,
        srcs = [":%s.so" % name],
        tags = tags,
        testonly = testonly,
        visibility = visibility,
    )
