# SPDX-License-Identifier: Apache-2.0
"""Small repositories in place of some that Bazel 4 and abseil would download.

Bazel 4.2.3 loads rules_cc, rules_java, rules_proto and remote_coverage_tools from its own
tool repository, even for a plain cc_test. It uses only the native rules under other names,
and so do weir's BUILD files. Bazel 7 has its own and must not see these.

abseil needs `selects` of bazel_skylib, and constraint values that the `platforms` of 4.2.3
lacks. With WORKSPACE it gets private ones through repo_mapping, so no other repository sees
an incomplete skylib or platforms. In a module extension the names are private anyway.
"""

_CC_RULES = [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
    "objc_import",
    "objc_library",
]

_JAVA_RULES = [
    "java_binary",
    "java_import",
    "java_library",
    "java_lite_proto_library",
    "java_package_configuration",
    "java_plugin",
    "java_proto_library",
    "java_runtime",
    "java_test",
    "java_toolchain",
]

_PROTO_RULES = [
    "proto_lang_toolchain",
    "proto_library",
]

def _native_rules(names):
    return "".join(["%s = native.%s\n" % (name, name) for name in names])

_EMPTY = ""

BAZEL4_STAND_INS = {
    "rules_cc": {
        "BUILD.bazel": _EMPTY,
        "cc/BUILD.bazel": """
package(default_visibility = ["//visibility:public"])

alias(
    name = "toolchain_type",
    actual = "@bazel_tools//tools/cpp:toolchain_type",
)
""",
        "cc/defs.bzl": """
load(":providers.bzl", _CcInfo = "CC_INFO", _cc_common = "CC_COMMON")

CcInfo = _CcInfo
cc_common = _cc_common
""" + _native_rules(_CC_RULES),
        # A file cannot give a new value to a name of Bazel's that it also reads.
        "cc/providers.bzl": "CC_INFO = CcInfo\nCC_COMMON = cc_common\n",
    },
    "rules_java": {
        "BUILD.bazel": _EMPTY,
        "java/BUILD.bazel": _EMPTY,
        "java/defs.bzl": _native_rules(_JAVA_RULES),
    },
    "rules_proto": {
        "BUILD.bazel": _EMPTY,
        "proto/BUILD.bazel": _EMPTY,
        "proto/defs.bzl": _native_rules(_PROTO_RULES),
    },
    # cc_test refers to these labels. They run only with coverage (tools/coverage). deps.bzl
    # adds the merger.
    "remote_coverage_tools": {
        "BUILD.bazel": """
package(default_visibility = ["//visibility:public"])

filegroup(name = "coverage_report_generator")

filegroup(
    name = "lcov_merger",
    srcs = ["coverage_bundle.py"],
)
""",
    },
}

# Every Bazel that reads WORKSPACE files has the native rule.
SHELL_STAND_INS = {
    "rules_shell": {
        "BUILD.bazel": _EMPTY,
        "shell/BUILD.bazel": _EMPTY,
        "shell/sh_test.bzl": _native_rules(["sh_test"]),
    },
}

def _constraints(setting, values):
    lines = [
        "package(default_visibility = [\"//visibility:public\"])",
        "constraint_setting(name = \"%s\")" % setting,
    ]
    for value in values:
        lines.append("constraint_value(name = \"%s\", constraint_setting = \":%s\")" % (value, setting))
    return "\n".join(lines) + "\n"

ABSL_STAND_INS = {
    "weir_absl_skylib": {
        "BUILD.bazel": _EMPTY,
        "lib/BUILD.bazel": _EMPTY,
        # The only function that abseil uses: an "or" of config_settings. A chain of aliases
        # is enough, because at most one member is true.
        "lib/selects.bzl": """
def _config_setting_group(name, match_any, visibility = None):
    chain = match_any[-1]
    for i, setting in enumerate(reversed(match_any[:-1])):
        last = i + 2 == len(match_any)
        link = name if last else "%s_%d" % (name, i)
        native.alias(
            name = link,
            actual = select({
                setting: setting,
                "//conditions:default": chain,
            }),
            visibility = visibility,
        )
        chain = ":" + link

selects = struct(config_setting_group = _config_setting_group)
""",
    },
    # Constraint values that no platform has. So they never match, which is right on Linux,
    # the only system for which weir is built.
    "weir_absl_platforms": {
        "BUILD.bazel": _EMPTY,
        "cpu/BUILD.bazel": _constraints("cpu", ["wasm32", "wasm64"]),
        "os/BUILD.bazel": _constraints("os", ["ios", "osx"]),
    },
}
