# SPDX-License-Identifier: Apache-2.0
"""The targets of the source `grpc` that need the system's gRPC."""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")
load("@weir_system_grpc//:found.bzl", "FOUND", "PROBLEM")
load("//plugins:weir_plugin.bzl", "weir_plugin")
load("//third_party:system_test.bzl", "skipped_test")

def system_targets():
    """Makes them; without the library one test that says why there are none."""
    if not FOUND:
        skipped_test("grpc_source_test", PROBLEM)
        return
    weir_plugin(
        name = "weir_source_grpc_system",
        srcs = ["system_plugin.cc"],
        proto = ":grpc_proto",
        tags = ["system"],
        visibility = ["//visibility:public"],
        deps = [
            ":grpc",
            "//plugins/sdk",
        ],
    )
    cc_library(
        name = "grpc",
        srcs = [
            "grpc_source.cc",
            "handshake_log.cc",
            "listen_address.cc",
            "record_server.cc",
        ],
        hdrs = [
            "grpc_source.h",
            "handshake_log.h",
            "listen_address.h",
            "record_server.h",
        ],
        tags = ["system"],
        deps = [
            ":grpc_proto",
            "//core/record",
            "//plugins/sdk",
            "@weir_system_grpc//:library",
        ],
    )
    cc_test(
        name = "grpc_source_test",
        size = "small",
        srcs = ["grpc_source_test.cc"],
        tags = ["system"],
        deps = [
            ":grpc",
            "//core/record",
            "//core/record/testing:random_records",
            "//plugins/sdk/testing:fake_host",
            "@com_google_googletest//:gtest_main",
            "@weir_system_grpc//:library",
        ],
    )
