# SPDX-License-Identifier: Apache-2.0
"""weir_proto_library: C++ code and embedded descriptors of .proto files, by the pinned protoc.

weir does not use proto_library: under Bazel 4.2.3 it needs rules_proto, and under 7.x the full
BUILD files of protobuf. weir has neither.

    load("//plugins:proto.bzl", "weir_proto_library")

    weir_proto_library(
        name = "stdout_proto",
        srcs = ["stdout.proto"],                       # in sinks/stdout
        deps = ["//plugins/sdk:config_rules_proto"],   # its imports
    )

makes
  :stdout_proto              #include "sinks/stdout/stdout.pb.h"
  :stdout_proto_descriptors  #include "sinks/stdout/stdout.descriptors.h"

The second has no dependencies. For each .proto it has

    namespace weir {
    extern const unsigned char kSinksStdoutStdoutDescriptors[];
    extern const std::size_t kSinksStdoutStdoutDescriptorsSize;
    }

which is a serialised google.protobuf.FileDescriptorSet of the file and all its imports,
with comments. The name is the path from the top of the repository in CamelCase:
a/b_c/d.proto gives kABCDDescriptors.

Imports start at the top of the repository ("plugins/sdk/config_rules.proto");
"google/protobuf/*.proto" are always found. Another workspace loads it from
"@weir//plugins:proto.bzl"; see examples/external_workspace.

With `lite = True` the messages have no reflection and no text form, and the plugin links only
the small part of protobuf: about 130 KB of code instead of 1.1 MB in each .so, all of which
would be resident. The host checks and prints configurations by the embedded descriptors, so a
plugin rarely needs more.
"""

load("@rules_cc//cc:defs.bzl", "CcInfo", "cc_library")

# The names as weir maps them, not as the calling workspace does.
_PROTOBUF = str(Label("@com_google_protobuf//:protobuf"))
_PROTOBUF_LITE = str(Label("@com_google_protobuf//:protobuf_lite"))

WeirProtoInfo = provider(
    doc = "The files and folders that a .proto file needs to import those of this target.",
    fields = {
        "sources": "depset of File: the .proto files and all their imports",
        "roots": "depset of string: the folders to which import paths are relative",
    },
)

def _root(file):
    """Returns the folder to which the import path of a .proto is relative."""
    parts = [part for part in [file.root.path, file.owner.workspace_root] if part]
    return "/".join(parts) if parts else "."

def _import_path(file):
    root = _root(file)
    return file.path if root == "." else file.path[len(root) + 1:]

def _symbol(import_path):
    words = import_path[:-len(".proto")]
    for separator in ["/", "-", "."]:
        words = words.replace(separator, "_")
    return "k" + "".join([word[0].upper() + word[1:] for word in words.split("_") if word]) + "Descriptors"

_HEADER = """\
// Generated from {proto}. Do not edit.
#ifndef {guard}
#define {guard}

#include <cstddef>

namespace weir {{

// A serialised google.protobuf.FileDescriptorSet: {proto} and all its imports.
extern const unsigned char {symbol}[];
extern const std::size_t {symbol}Size;

}}  // namespace weir

#endif  // {guard}
"""

# Writes the bytes as hexadecimal numbers. Needs only coreutils and sed.
_EMBED = """\
set -eu
{{
  printf '// Generated from %s. Do not edit.\\n' '{proto}'
  printf '#include "%s"\\n\\n' '{header}'
  printf 'namespace weir {{\\n\\nextern const unsigned char {symbol}[] = {{\\n'
  od -An -v -t x1 '{set}' | sed 's/ *\\([0-9a-f][0-9a-f]\\)/0x\\1,/g'
  printf '}};\\n'
  printf 'extern const std::size_t {symbol}Size = sizeof({symbol});\\n\\n'
  printf '}}  // namespace weir\\n'
}} > '{out}'
"""

def _weir_proto_impl(ctx):
    sources = depset(
        ctx.files.srcs,
        transitive = [dep[WeirProtoInfo].sources for dep in ctx.attr.deps],
        order = "postorder",
    )
    roots = depset(
        [_root(file) for file in ctx.files.srcs],
        transitive = [dep[WeirProtoInfo].roots for dep in ctx.attr.deps],
    )

    # The folder of google/protobuf/descriptor.proto and the like.
    known = ctx.files._well_known_protos
    known_root = known[0].path[:known[0].path.index("/google/protobuf/")]

    # --cpp_out is the folder that import paths are appended to.
    out_root = "/".join([part for part in [ctx.bin_dir.path, ctx.label.workspace_root] if part])

    hdrs, srcs, descriptor_hdrs, descriptor_srcs, sets = [], [], [], [], []
    for src in ctx.files.srcs:
        if src.owner.package != ctx.label.package or src.owner.workspace_name != ctx.label.workspace_name:
            fail("%s: %s belongs to another package; define a weir_proto_library there" % (ctx.label, src.path))
        path = _import_path(src)
        stem = path[len(ctx.label.package) + 1 if ctx.label.package else 0:-len(".proto")]
        header = ctx.actions.declare_file(stem + ".pb.h")
        source = ctx.actions.declare_file(stem + ".pb.cc")
        descriptor_set = ctx.actions.declare_file(stem + ".descriptors.bin")
        args = ctx.actions.args()
        args.add_all(roots, format_each = "-I%s")
        args.add("-I" + known_root)
        args.add("--cpp_out=" + ("lite:" if ctx.attr.lite else "") + out_root)
        args.add("--include_imports")
        args.add("--include_source_info")
        args.add(descriptor_set, format = "--descriptor_set_out=%s")
        args.add(path)
        ctx.actions.run(
            executable = ctx.executable._protoc,
            arguments = [args],
            inputs = depset(known, transitive = [sources]),
            outputs = [header, source, descriptor_set],
            mnemonic = "WeirProtoc",
            progress_message = "Generating C++ from %s" % src.short_path,
        )
        hdrs.append(header)
        srcs.append(source)
        sets.append(descriptor_set)

        symbol = _symbol(path)
        embedded_header = ctx.actions.declare_file(stem + ".descriptors.h")
        embedded = ctx.actions.declare_file(stem + ".descriptors.cc")
        include = path[:-len(".proto")] + ".descriptors.h"
        guard = "WEIR_GENERATED_"
        for char in include.elems():
            guard += char.upper() if char.isalnum() else "_"
        ctx.actions.write(embedded_header, _HEADER.format(
            proto = path,
            guard = guard + "_",
            symbol = symbol,
        ))
        ctx.actions.run_shell(
            command = _EMBED.format(
                proto = path,
                header = include,
                symbol = symbol,
                set = descriptor_set.path,
                out = embedded.path,
            ),
            inputs = [descriptor_set],
            outputs = [embedded],
            mnemonic = "WeirEmbedDescriptors",
            progress_message = "Embedding the descriptors of %s" % src.short_path,
        )
        descriptor_hdrs.append(embedded_header)
        descriptor_srcs.append(embedded)

    return [
        DefaultInfo(files = depset(hdrs + srcs)),
        WeirProtoInfo(sources = sources, roots = roots),
        OutputGroupInfo(
            hdrs = depset(hdrs),
            srcs = depset(srcs),
            descriptor_hdrs = depset(descriptor_hdrs),
            descriptor_srcs = depset(descriptor_srcs),
            descriptor_sets = depset(sets),
        ),
    ]

_weir_proto = rule(
    implementation = _weir_proto_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".proto"], mandatory = True),
        "deps": attr.label_list(providers = [WeirProtoInfo]),
        "lite": attr.bool(),
        "_protoc": attr.label(
            default = "@com_google_protobuf//:protoc",
            executable = True,
            cfg = "exec",
        ),
        "_well_known_protos": attr.label(
            default = "@com_google_protobuf//:well_known_protos",
        ),
    },
)

def _weir_cc_proto_impl(ctx):
    return [
        ctx.attr.cc[CcInfo],
        ctx.attr.proto[WeirProtoInfo],
        DefaultInfo(
            files = ctx.attr.cc[DefaultInfo].files,
            runfiles = ctx.attr.cc[DefaultInfo].default_runfiles,
        ),
    ]

# A target with both providers, so that one label fits the `deps` of C++ rules and of other
# weir_proto_library targets.
_weir_cc_proto = rule(
    implementation = _weir_cc_proto_impl,
    attrs = {
        "cc": attr.label(providers = [CcInfo], mandatory = True),
        "proto": attr.label(providers = [WeirProtoInfo], mandatory = True),
    },
)

def _weir_proto_files_impl(ctx):
    sources = depset(
        transitive = [dep[WeirProtoInfo].sources for dep in ctx.attr.deps],
        order = "postorder",
    )
    roots = depset(transitive = [dep[WeirProtoInfo].roots for dep in ctx.attr.deps])
    return [DefaultInfo(files = sources), WeirProtoInfo(sources = sources, roots = roots)]

# The .proto files of weir_proto_library targets, and their imports, each once.
weir_proto_files = rule(
    implementation = _weir_proto_files_impl,
    attrs = {"deps": attr.label_list(providers = [WeirProtoInfo])},
)

def weir_proto_library(
        name,
        srcs,
        deps = [],
        lite = False,
        visibility = None,
        testonly = None,
        tags = None):
    """Makes C++ code and embedded descriptors of .proto files; see the top of this file.

    Args:
      name: the name of the C++ library; `<name>_descriptors` has the descriptors.
      srcs: .proto files of this package.
      deps: weir_proto_library targets of the imported files.
      lite: True for messages without reflection.
      visibility: the visibility of both libraries.
      testonly: as in other rules.
      tags: the tags of all targets made here.
    """
    generated = name + "_generated"
    common = {"testonly": testonly, "tags": tags}
    _weir_proto(
        name = generated,
        srcs = srcs,
        deps = deps,
        lite = lite,
        visibility = ["//visibility:private"],
        **common
    )
    for group in ["hdrs", "srcs", "descriptor_hdrs", "descriptor_srcs"]:
        native.filegroup(
            name = "%s_%s" % (generated, group),
            srcs = [":" + generated],
            output_group = group,
            visibility = ["//visibility:private"],
            **common
        )

    # The descriptor sets as files, for tests and scripts.
    native.filegroup(
        name = name + "_descriptor_sets",
        srcs = [":" + generated],
        output_group = "descriptor_sets",
        visibility = visibility,
        **common
    )
    cc_library(
        name = name + "_cc",
        srcs = [":%s_srcs" % generated],
        hdrs = [":%s_hdrs" % generated],
        copts = ["-w"],
        visibility = ["//visibility:private"],
        deps = deps + [_PROTOBUF_LITE if lite else _PROTOBUF],
        **common
    )
    _weir_cc_proto(
        name = name,
        cc = ":%s_cc" % name,
        proto = ":" + generated,
        visibility = visibility,
        **common
    )
    cc_library(
        name = name + "_descriptors",
        srcs = [":%s_descriptor_srcs" % generated],
        hdrs = [":%s_descriptor_hdrs" % generated],
        visibility = visibility,
        **common
    )
