# SPDX-License-Identifier: Apache-2.0
"""Every external repository of weir: `weir_dependencies()` for WORKSPACE files.

declare_dependencies() declares them. extensions.bzl calls it for MODULE.bazel files.
"""

load(":archives.bzl", "ARCHIVES")
load(":repositories.bzl", "host_tools", "pinned_archive", "stand_in")
load(":stand_ins.bzl", "ABSL_STAND_INS", "BAZEL4_STAND_INS", "SHELL_STAND_INS")
load(":system_library.bzl", "system_library")

# The files that weir lays over an archive: attributes of pinned_archive, by archive. An
# archive that is not here is built with its own BUILD files.
_OVERLAYS = {
    "com_google_protobuf": {
        "build_file": Label("//third_party/protobuf:protobuf.BUILD"),
        "overlay": {Label("//third_party/protobuf:protoc_main.cc"): "weir/protoc_main.cc"},
    },
    "com_googlesource_code_re2": {
        "build_file": Label("//third_party/re2:re2.BUILD"),
        "overlay": {Label("//third_party/re2:ascii_tables.cc"): "weir/ascii_tables.cc"},
    },
    "elfutils": {
        "build_file": Label("//third_party/elfutils:elfutils.BUILD"),
        "overlay": {Label("//third_party/elfutils:config.h"): "weir/config.h"},
    },
    "libbpf": {"build_file": Label("//third_party/libbpf:libbpf.BUILD")},
    "libpcap": {
        "build_file": Label("//third_party/libpcap:libpcap.BUILD"),
        "overlay": {
            Label("//third_party/libpcap:config.h"): "weir/config.h",
            Label("//third_party/libpcap:no_filters.c"): "weir/no_filters.c",
        },
    },
    "zlib": {"build_file": Label("//third_party/zlib:zlib.BUILD")},
    "zstd": {"build_file": Label("//third_party/zstd:zstd.BUILD")},
}

def declare_dependencies(is_declared, absl_attributes = {}):
    """Declares the pinned archives, and what weir uses of the machine.

    Args:
      is_declared: a function of a name: True if that repository exists already.
      absl_attributes: further attributes of the repository com_google_absl.
    """
    for name, entry in ARCHIVES.items():
        if is_declared(name):
            continue
        attributes = dict(_OVERLAYS.get(name, {}))
        if name == "com_google_absl":
            attributes.update(absl_attributes)
        pinned_archive(
            name = name,
            urls = entry["urls"],
            sha256 = entry["sha256"],
            strip = entry["strip"],
            type = entry.get("type", []),
            **attributes
        )
    if not is_declared("weir_host_tools"):
        host_tools(name = "weir_host_tools")

    # gRPC of the machine: it brings a TLS library, which needs security updates.
    if not is_declared("weir_system_grpc"):
        system_library(
            name = "weir_system_grpc",
            module = "grpc++",
            least = "1.51",
            package = "libgrpc++-dev",
            # The libraries that gRPC's headers refer to; not those that only static
            # linking needs.
            link = ["grpc++", "grpc", "gpr", "absl_synchronization"],
        )

def _is_bazel4():
    # Debian's bazel-bootstrap 4.2.3 gives "no_version", and older builds from source
    # give nothing. Every later Bazel that weir supports has a number.
    version = native.bazel_version
    return version == "" or version == "no_version" or version.startswith("4.")

def _is_declared(name):
    return native.existing_rule(name) != None

def _stand_ins(repositories, overlays = {}):
    for name, files in repositories.items():
        if not _is_declared(name):
            stand_in(name = name, files = files, overlay = overlays.get(name, {}))

def weir_dependencies():
    """Declares what weir needs. Bazel fetches a repository when a target needs it.

    A repository that the WORKSPACE file has declared before stays as it is.
    """
    if _is_bazel4():
        _stand_ins(BAZEL4_STAND_INS, {
            "remote_coverage_tools": {
                Label("//tools/build:coverage_bundle.py"): "coverage_bundle.py",
            },
        })
    _stand_ins(SHELL_STAND_INS)
    _stand_ins(ABSL_STAND_INS)
    declare_dependencies(_is_declared, {
        "repo_mapping": {
            "@bazel_skylib": "@weir_absl_skylib",
            "@platforms": "@weir_absl_platforms",
        },
    })
