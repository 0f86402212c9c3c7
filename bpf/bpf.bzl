# SPDX-License-Identifier: Apache-2.0
"""BPF objects: clang -target bpf, then a libbpf skeleton as a C++ library.

    load("//bpf:bpf.bzl", "bpf_object")

    bpf_object(
        name = "flow_bpf",            # makes flow_bpf.skel.h
        src = "flow.bpf.c",
        hdrs = ["flow.h", "kernel_types.h"],
        defines = ["WEIR_TIER=1"],
    )

    cc_library(
        name = "loader",
        srcs = ["loader.cc"],         # #include "bpf/flow_bpf.skel.h"
        deps = ["//bpf:flow_bpf"],    # includes libbpf
    )

The skeleton's functions are flow_bpf__open() and so on: `name` is their
prefix (`object_name` for another one). The stripped object is the target's
output group "object".

A program may include only headers of its own repository and of the repositories
of its `deps`, by their path from the top ("bpf/flow.h"), and libbpf's as
<bpf/bpf_helpers.h>. It may not include headers of the machine, of clang or of
the running kernel. A compilation that reads any other file fails, even if the
sandbox let it see the file.

Another workspace loads it from "@weir//bpf:bpf.bzl".

About section names: SEC("tcx/ingress") and SEC("tcx/egress") work although
bpftool 7.1 of Debian 12 does not know them. It only opens the object to write
the skeleton, and leaves the type of such a program open. libbpf 1.5, which
loads the program, knows them.
"""

load("@rules_cc//cc:defs.bzl", "CcInfo", "cc_common")
load("@weir_host_tools//:tools.bzl", "HOST_TOOLS")

# Maps Bazel's name of the target's processor to libbpf's name.
_ARCHITECTURES = {
    "aarch64": "arm64",
    "arm": "arm",
    "k8": "x86",
    "ppc": "powerpc",
    "riscv64": "riscv",
    "s390x": "s390",
    "x86_64": "x86",
}

# Compiles, then checks the list of files that the compiler read. Absolute paths
# belong to the machine. Of other repositories, only those of declared headers
# are allowed.
_COMPILE = """\
set -eu
depfile="$1"
repositories="$2"
shift 2
"$@" "-ffile-prefix-map=$PWD/="
bad="$(sed -e 's/^[^:]*: *//' -e 's/\\\\$//' "$depfile" | tr ' ' '\\n' | sed '/^$/d' |
  sed -E 's,^bazel-out/[^/]*/bin/,,' |
  grep -E '^/|(^|/)\\.\\.(/|$)|^external/' | grep -Ev "^($repositories)/" || :)"
if [ -n "$bad" ]; then
  echo 'bpf_object: the program includes files from outside its repository and its dependencies:' >&2
  echo "$bad" >&2
  exit 1
fi
"""

# The skeleton is generated code: compiler warnings about it are useless, and
# the project's code that includes it is compiled with -Werror.
_SKELETON = """\
set -eu
{
  printf '#pragma GCC system_header\\n'
  "$1" gen skeleton "$2" name "$3"
} > "$4"
"""

def _repository_pattern(file):
    """Returns the folder of a header's repository, for grep -E; None for the main one."""
    folder = file.owner.workspace_root
    return folder.replace(".", "\\.").replace("+", "\\+") if folder else None

def _bpf_object_impl(ctx):
    for tool in ["clang", "llvm-strip", "bpftool"]:
        if HOST_TOOLS[tool].problem:
            fail("%s: %s" % (ctx.label, HOST_TOOLS[tool].problem))
    cpu = ctx.var["TARGET_CPU"]
    if cpu not in _ARCHITECTURES:
        fail("%s: no BPF name for the processor %s" % (ctx.label, cpu))

    object_name = ctx.attr.object_name or ctx.label.name
    unstripped = ctx.actions.declare_file(ctx.label.name + ".debug.bpf.o")
    depfile = ctx.actions.declare_file(ctx.label.name + ".bpf.d")
    stripped = ctx.actions.declare_file(ctx.label.name + ".bpf.o")
    skeleton = ctx.actions.declare_file(ctx.label.name + ".skel.h")

    # Another version of a tool makes another action, also in a shared cache.
    versions = {
        "WEIR_BPFTOOL_VERSION": HOST_TOOLS["bpftool"].version,
        "WEIR_CLANG_VERSION": HOST_TOOLS["clang"].version,
        "WEIR_LLVM_STRIP_VERSION": HOST_TOOLS["llvm-strip"].version,
    }

    headers = [dep[CcInfo].compilation_context for dep in ctx.attr.deps + [ctx.attr._bpf_headers]]

    # The top of the target's repository, in the source tree and in the output tree.
    own_root = ctx.label.workspace_root
    quote_includes = [own_root or ".", "/".join([ctx.bin_dir.path] + ([own_root] if own_root else []))]
    args = ctx.actions.args()
    args.add(depfile)
    args.add_joined(
        depset(ctx.files.hdrs, transitive = [context.headers for context in headers]),
        join_with = "|",
        map_each = _repository_pattern,
        uniquify = True,
    )
    args.add(HOST_TOOLS["clang"].path)
    args.add_all([
        "-target",
        "bpf",
        "-mcpu=" + ctx.attr.cpu_version,
        "-std=gnu11",
        "-O2",
        "-g",
        "-nostdinc",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fno-stack-protector",
        "-fno-ident",
        # The same object from any folder: it contains no absolute path. (The
        # prefix map, which needs the current folder, is in _COMPILE.)
        "-fdebug-compilation-dir=.",
        "-D__TARGET_ARCH_" + _ARCHITECTURES[cpu],
    ])
    args.add_all(ctx.attr.defines, format_each = "-D%s")
    args.add_all(ctx.attr.copts)
    args.add_all(quote_includes, format_each = "-iquote%s")
    for context in headers:
        args.add_all(context.quote_includes, format_each = "-iquote%s", uniquify = True)
        args.add_all(context.includes, format_each = "-isystem%s", uniquify = True)
        args.add_all(context.system_includes, format_each = "-isystem%s", uniquify = True)
    args.add("-MD")
    args.add("-MF", depfile)
    args.add("-c", ctx.file.src)
    args.add("-o", unstripped)
    ctx.actions.run_shell(
        command = _COMPILE,
        arguments = [args],
        inputs = depset(
            [ctx.file.src] + ctx.files.hdrs,
            transitive = [context.headers for context in headers],
        ),
        outputs = [unstripped, depfile],
        env = versions,
        mnemonic = "WeirBpfCompile",
        progress_message = "Compiling %s for BPF" % ctx.file.src.short_path,
    )

    # Removes DWARF and keeps BTF, which the kernel needs.
    ctx.actions.run(
        executable = HOST_TOOLS["llvm-strip"].path,
        arguments = ["-g", "-o", stripped.path, unstripped.path],
        inputs = [unstripped],
        outputs = [stripped],
        env = versions,
        mnemonic = "WeirBpfStrip",
        progress_message = "Stripping %s" % stripped.short_path,
    )
    ctx.actions.run_shell(
        command = _SKELETON,
        arguments = [HOST_TOOLS["bpftool"].path, stripped.path, object_name, skeleton.path],
        inputs = [stripped],
        outputs = [skeleton],
        env = versions,
        mnemonic = "WeirBpfSkeleton",
        progress_message = "Writing the skeleton %s" % skeleton.short_path,
    )

    own = CcInfo(
        compilation_context = cc_common.create_compilation_context(
            # hdrs too: user space shares layouts with the program.
            headers = depset([skeleton] + ctx.files.hdrs),
            quote_includes = depset(quote_includes),
        ),
    )
    return [
        DefaultInfo(files = depset([skeleton, stripped])),
        OutputGroupInfo(
            object = depset([stripped]),
            depfile = depset([depfile]),
            skeleton = depset([skeleton]),
        ),
        cc_common.merge_cc_infos(
            cc_infos = [own, ctx.attr._libbpf[CcInfo]] + [dep[CcInfo] for dep in ctx.attr.deps],
        ),
    ]

bpf_object = rule(
    implementation = _bpf_object_impl,
    doc = "Compiles one *.bpf.c and makes its skeleton; see the top of this file.",
    attrs = {
        "src": attr.label(
            allow_single_file = [".bpf.c"],
            mandatory = True,
            doc = "The program.",
        ),
        "hdrs": attr.label_list(
            allow_files = [".h"],
            doc = "Headers that it includes; also visible to user space.",
        ),
        "deps": attr.label_list(
            providers = [CcInfo],
            doc = "Libraries whose headers it includes.",
        ),
        "defines": attr.string_list(doc = "Preprocessor definitions, without -D."),
        "copts": attr.string_list(doc = "Further options of clang."),
        "cpu_version": attr.string(
            default = "v3",
            doc = "Instruction set. v3 has 32-bit jumps and every atomic operation (kernel 5.12 and later); v2 is for older ones.",
        ),
        "object_name": attr.string(doc = "Prefix of the skeleton's functions; the target's name by default."),
        "_bpf_headers": attr.label(default = "@libbpf//:bpf_headers"),
        "_libbpf": attr.label(default = "@libbpf//:libbpf"),
    },
)
