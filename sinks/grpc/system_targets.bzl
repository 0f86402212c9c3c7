# SPDX-License-Identifier: Apache-2.0
"""The targets of the sink `grpc` that need the system's gRPC."""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")
load("@weir_system_grpc//:found.bzl", "FOUND", "PROBLEM")
load("//plugins:weir_plugin.bzl", "weir_plugin")
load("//third_party:system_test.bzl", "skipped_test")

def system_targets():
    """Makes them; without the library one test that says why there are none."""
    if not FOUND:
        skipped_test("grpc_sink_test", PROBLEM)
        skipped_test("grpc_sink_tls_test", PROBLEM)
        return
    weir_plugin(
        name = "weir_sink_grpc_system",
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
            "collector_link.cc",
            "connection_hint.cc",
            "grpc_sink.cc",
            "library_log.cc",
        ],
        hdrs = [
            "collector_link.h",
            "connection_hint.h",
            "grpc_sink.h",
            "library_log.h",
        ],
        tags = ["system"],
        deps = [
            ":grpc_proto",
            ":settings_code",
            ":settings_headers",
            "//core/record",
            "//plugins/sdk",
            "@weir_system_grpc//:library",
        ],
    )
    cc_library(
        name = "fake_collector",
        testonly = True,
        srcs = ["fake_collector.cc"],
        hdrs = ["fake_collector.h"],
        tags = ["system"],
        deps = [
            "//core/record",
            "@com_google_googletest//:gtest",
            "@weir_system_grpc//:library",
        ],
    )
    cc_library(
        name = "grpc_sink_fixture",
        testonly = True,
        hdrs = ["grpc_sink_fixture.h"],
        tags = ["system"],
        deps = [
            ":fake_collector",
            ":grpc",
            "//core/record/testing:random_records",
            "//plugins/sdk/testing:fake_host",
            "@com_google_googletest//:gtest",
        ],
    )
    cc_test(
        name = "grpc_sink_test",
        size = "medium",
        srcs = ["grpc_sink_test.cc"],
        tags = ["system"],
        deps = [
            ":fake_collector",
            ":grpc",
            ":grpc_sink_fixture",
            "//core/record/testing:random_records",
            "@com_google_googletest//:gtest_main",
        ],
    )
    cc_test(
        name = "grpc_sink_tls_test",
        size = "medium",
        srcs = ["grpc_sink_tls_test.cc"],
        tags = ["system"],
        deps = [
            ":grpc_sink_fixture",
            "@com_google_googletest//:gtest_main",
        ],
    )
