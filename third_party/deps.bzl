# SPDX-License-Identifier: Apache-2.0
"""Every external repository of weir: `weir_dependencies()` in WORKSPACE."""

load(":archives.bzl", "ARCHIVES")
load(":repositories.bzl", "host_tools", "pinned_archive", "stand_in")
load(":system_library.bzl", "system_library")
load(":stand_ins.bzl", "ABSL_STAND_INS", "BAZEL4_STAND_INS", "SHELL_STAND_INS")

def _archive(name, **kwargs):
    """One of ARCHIVES, unless the workspace that uses weir has its own."""
    if native.existing_rule(name):
        return
    entry = ARCHIVES[name]
    pinned_archive(
        name = name,
        urls = entry["urls"],
        sha256 = entry["sha256"],
        strip = entry["strip"],
        type = entry.get("type", []),
        **kwargs
    )

def _stand_ins(repositories, overlays = {}):
    for name, files in repositories.items():
        if not native.existing_rule(name):
            stand_in(name = name, files = files, overlay = overlays.get(name, {}))

def _is_bazel4():
    # Debian's bazel-bootstrap 4.2.3 says "no_version", and older builds from
    # source say nothing at all. Every later Bazel that weir supports has a
    # number.
    version = native.bazel_version
    return version == "" or version == "no_version" or version.startswith("4.")

def weir_dependencies():
    """Declares what weir needs; nothing is fetched before a target asks for it."""
    if _is_bazel4():
        _stand_ins(BAZEL4_STAND_INS, {
            "remote_coverage_tools": {
                Label("//tools/build:coverage_bundle.py"): "coverage_bundle.py",
            },
        })
    _stand_ins(ABSL_STAND_INS)
    _stand_ins(SHELL_STAND_INS)

    _archive(
        "com_google_absl",
        repo_mapping = {
            "@bazel_skylib": "@weir_absl_skylib",
            "@platforms": "@weir_absl_platforms",
        },
    )
    _archive("com_github_gflags_gflags")
    _archive("com_github_google_glog")
    _archive("com_google_googletest")
    _archive("com_github_google_benchmark")
    _archive(
        "com_google_protobuf",
        build_file = Label("//third_party/protobuf:protobuf.BUILD"),
        overlay = {Label("//third_party/protobuf:protoc_main.cc"): "weir/protoc_main.cc"},
    )
    _archive(
        "libbpf",
        build_file = Label("//third_party/libbpf:libbpf.BUILD"),
    )
    _archive(
        "elfutils",
        build_file = Label("//third_party/elfutils:elfutils.BUILD"),
        overlay = {Label("//third_party/elfutils:config.h"): "weir/config.h"},
    )
    _archive(
        "zlib",
        build_file = Label("//third_party/zlib:zlib.BUILD"),
    )
    _archive(
        "zstd",
        build_file = Label("//third_party/zstd:zstd.BUILD"),
    )
    _archive(
        "com_googlesource_code_re2",
        build_file = Label("//third_party/re2:re2.BUILD"),
        overlay = {Label("//third_party/re2:ascii_tables.cc"): "weir/ascii_tables.cc"},
    )
    _archive(
        "libpcap",
        build_file = Label("//third_party/libpcap:libpcap.BUILD"),
        overlay = {
            Label("//third_party/libpcap:config.h"): "weir/config.h",
            Label("//third_party/libpcap:no_filters.c"): "weir/no_filters.c",
        },
    )
    if not native.existing_rule("weir_host_tools"):
        host_tools(name = "weir_host_tools")

    # The machine's own, because it needs a TLS library that gets security updates.
    if not native.existing_rule("weir_system_grpc"):
        system_library(
            name = "weir_system_grpc",
            module = "grpc++",
            least = "1.51",
            package = "libgrpc++-dev",
            # What headers of it refer to; not what only static linking needs.
            link = ["grpc++", "grpc", "gpr", "absl_synchronization"],
        )
