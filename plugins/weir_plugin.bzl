# SPDX-License-Identifier: Apache-2.0
"""weir_plugin: builds a plugin, a shared object that exports one symbol.

    load("//plugins:weir_plugin.bzl", "weir_plugin")

    weir_plugin(
        name = "weir_stdout",               # makes weir_stdout.so
        srcs = ["plugin.cc"],               # defines weir_plugin_main
        proto = ":stdout_proto",            # optional: a weir_proto_library
        deps = [":stdout", "//plugins/sdk"],
    )

All dependencies are linked into the .so, also generated protobuf. At run time it
needs only the C and C++ runtime libraries. It exports only weir_plugin_main
(exports.map).

`srcs` are always optimised. `deps` are compiled in Bazel's compilation mode, whose
default (fastbuild) does not optimise: measure and ship plugins of `bazel build -c opt`.

Another workspace loads it from "@weir//plugins:weir_plugin.bzl"; see
examples/external_workspace.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load(":proto.bzl", "weir_proto_files")

# Without Label() these would belong to the workspace that calls the macro.
_EXPORTS = str(Label("//plugins:exports.map"))
_FASTBUILD = str(Label("//plugins:fastbuild"))
_TREE = str(Label("//tools:__pkg__"))

def _with_suffix(label, suffix):
    """Returns the label with `suffix` appended to the name of its target."""
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
        schema = None,
        copts = [],
        linkopts = [],
        exports = _EXPORTS,
        visibility = None,
        testonly = None,
        tags = None):
    """Builds the plugin `<name>.so`; see the top of this file.

    Args:
      name: the name of the file without ".so", and of a filegroup with the file.
      srcs: sources; one of them defines weir_plugin_main.
      deps: libraries. WEIR_PLUGIN must name every component: the linker leaves
        out code to which nothing refers, so a component cannot register itself
        in a static object.
      proto: a weir_proto_library; adds it and its `_descriptors` to deps.
      schema: instead of `proto`, if the plugin needs only the `_descriptors`.
      copts: more options for the compiler, for `srcs`.
      linkopts: more options for the linker.
      exports: another export map (for tests of defective plugins).
      visibility: the visibility of the plugin.
      testonly: as in other rules.
      tags: as in other rules.
    """

    # For the installed tree.
    weir_proto_files(
        name = name + "_proto_files",
        tags = tags,
        testonly = testonly,
        visibility = [_TREE],
        deps = [library for library in [proto, schema] if library],
    )
    if proto:
        deps = deps + [proto, _with_suffix(proto, "_descriptors")]
    if schema:
        deps = deps + [_with_suffix(schema, "_descriptors")]
    cc_binary(
        name = name + ".so",
        srcs = srcs,
        copts = ["-fvisibility=hidden"] + select({
            _FASTBUILD: ["-O2"],
            "//conditions:default": [],
        }) + copts,
        linkopts = [
            "-Wl,--version-script=$(location %s)" % exports,
            # Links weir_plugin_main also from a library to which nothing refers.
            "-Wl,--undefined=weir_plugin_main",
            # An undefined symbol is an error now and not at dlopen.
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
