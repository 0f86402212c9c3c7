# SPDX-License-Identifier: Apache-2.0
"""The notices that go with the installed files: who holds the copyright of what is
linked into them and under which licence, with the texts of the pinned archives."""

load("@rules_cc//cc:defs.bzl", "CcInfo")
load("//third_party:archives.bzl", "ARCHIVES", "archive_version")

# What is linked into the program or into a plugin that ships with it. Not what only
# builds or tests them (protoc, googletest, benchmark). `text`: the licence as it is in
# the archive; none where it is one of LICENSE_TEXTS.
NOTICES = {
    "com_google_absl": struct(
        name = "Abseil",
        linked_into = "the program and the plugins",
        license = "Apache-2.0",
        copyright = ["2017-2022 The Abseil Authors"],
        text = None,
    ),
    "com_google_protobuf": struct(
        name = "Protocol Buffers",
        linked_into = "the program and the plugins",
        license = "BSD-3-Clause",
        copyright = ["2008 Google Inc."],
        text = "@com_google_protobuf//:LICENSE",
    ),
    "com_github_gflags_gflags": struct(
        name = "gflags",
        linked_into = "the program",
        license = "BSD-3-Clause",
        copyright = ["2006 Google Inc."],
        text = "@com_github_gflags_gflags//:COPYING.txt",
    ),
    "com_github_google_glog": struct(
        name = "glog",
        linked_into = "the program",
        license = "BSD-3-Clause",
        copyright = ["2008 Google Inc.", "2003-2008 Jouni Malinen and contributors"],
        text = "@com_github_google_glog//:COPYING",
    ),
    "libbpf": struct(
        name = "libbpf",
        linked_into = "the plugin weir_source_ebpf.so",
        license = "LGPL-2.1 OR BSD-2-Clause, used under BSD-2-Clause",
        copyright = [
            "2013-2015 Alexei Starovoitov",
            "2015 Wang Nan, Huawei Inc.",
            "2017 Nicira Inc.",
            "2003-2013 Thomas Graf",
            "2018-2024 Facebook, Meta Platforms Inc. and affiliates",
            "2019 Isovalent Inc., Netronome Systems Inc.",
            "2024 Oracle and/or its affiliates",
        ],
        text = "@libbpf//:LICENSE.BSD-2-Clause",
    ),
    "elfutils": struct(
        name = "libelf of elfutils",
        linked_into = "the plugin weir_source_ebpf.so",
        license = "GPL-2.0-or-later OR LGPL-3.0-or-later, used under LGPL-3.0-or-later",
        copyright = ["1998-2022 Red Hat Inc.", "2021-2023 Mark J. Wielaard", "2023 Khem Raj"],
        text = None,
    ),
    "zlib": struct(
        name = "zlib",
        linked_into = "the program and the plugins",
        license = "Zlib",
        copyright = ["1995-2024 Jean-loup Gailly and Mark Adler"],
        text = "@zlib//:LICENSE",
    ),
    "libpcap": struct(
        name = "libpcap",
        linked_into = "the plugin weir_source_pcap.so",
        license = "BSD-3-Clause",
        copyright = [
            "1990-1998 The Regents of the University of California",
            "1997 Yen Yen Lim and North Dakota State University",
            "1998, 2015 Todd C. Miller",
            "2002-2005 NetGroup, Politecnico di Torino (Italy)",
            "2005-2009 CACE Technologies, Inc. Davis (California)",
            "2006 Paolo Abeni (Italy)",
            "2013 Petar Alilovic, Faculty of Electrical Engineering and Computing, University of Zagreb",
        ],
        text = "@libpcap//:LICENSE",
    ),
    "com_googlesource_code_re2": struct(
        name = "RE2",
        linked_into = "the program and the plugin weir_source_ebpf.so",
        license = "BSD-3-Clause",
        copyright = ["2009 The RE2 Authors", "2002 Lucent Technologies"],
        text = "@com_googlesource_code_re2//:licenses",
    ),
    "zstd": struct(
        name = "Zstandard",
        linked_into = "the plugins weir_sink_file.so and weir_source_pcap.so",
        license = "BSD-3-Clause OR GPL-2.0-only, used under BSD-3-Clause",
        copyright = ["Meta Platforms, Inc. and affiliates"],
        text = "@zstd//:LICENSE",
    ),
}

# By the names of /usr/share/common-licenses.
LICENSE_TEXTS = {
    "Apache-2.0": "//:LICENSE",
    "GPL-2": "@elfutils//:COPYING-GPLV2",
    "GPL-3": "@elfutils//:COPYING",
    "LGPL-3": "@elfutils//:COPYING-LGPLV3",
}

def _head(repository, notice):
    line = "-" * 78
    return "\n".join([
        "",
        line,
        "%s %s, linked into %s" % (notice.name, archive_version(repository), notice.linked_into),
        "Source: " + ARCHIVES[repository]["urls"][0],
    ] + ["Copyright (c) " + holder for holder in notice.copyright] + [
        "License: " + notice.license,
        line,
        "",
    ] + ([""] if notice.text else []))

_LinkedInfo = provider(
    "What a target is linked from.",
    fields = {"repositories": "depset: external repositories that a target links"},
)

# An empty library of Bazel's own rules is among the dependencies of each program.
_OF_BAZEL = ["bazel_tools", "rules_cc"]

def _repository(label):
    """The name of a label's repository as in ARCHIVES; "" for weir's own and for Bazel's."""
    if label.workspace_root == Label("//:LICENSE").workspace_root:
        return ""

    # Modules and module extensions change names: "rules_cc~", "weir~dependencies~zlib",
    # and "+" for "~" in later versions.
    name = label.workspace_name.replace("+", "~").rstrip("~").split("~")[-1]
    return "" if name in _OF_BAZEL else name

def _linked_impl(target, ctx):
    own = [_repository(target.label)] if CcInfo in target else []
    below = [
        dep[_LinkedInfo].repositories
        for attribute in ("deps", "srcs")
        for dep in getattr(ctx.rule.attr, attribute, [])
        if type(dep) == "Target" and _LinkedInfo in dep
    ]
    return [_LinkedInfo(repositories = depset(own, transitive = below))]

_linked = aspect(
    implementation = _linked_impl,
    attr_aspects = ["deps", "srcs"],
)

def _check_complete(ctx):
    """Fails unless the libraries that are linked and those that have a notice are the same."""
    linked = {
        repository: True
        for target in ctx.attr.shipped
        for repository in target[_LinkedInfo].repositories.to_list()
        if repository
    }
    for repository in linked:
        if repository not in NOTICES:
            fail("'%s' is linked into what weir installs and has no entry in NOTICES (%s)" %
                 (repository, "third_party/notices/notices.bzl"))
    for repository in NOTICES:
        if repository not in linked:
            fail("'%s' has an entry in NOTICES (%s) and is linked into nothing that weir installs" %
                 (repository, "third_party/notices/notices.bzl"))

def _third_party_notices_impl(ctx):
    _check_complete(ctx)
    files = list(ctx.files.intro)
    texts = {repository: target for target, repository in ctx.attr.texts.items()}
    for repository, notice in NOTICES.items():
        head = ctx.actions.declare_file("%s_/%s" % (ctx.label.name, repository))
        ctx.actions.write(head, _head(repository, notice))
        files.append(head)
        if repository in texts:
            files += texts[repository].files.to_list()
    output = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.run_shell(
        command = 'output=$1; shift; cat "$@" >"$output"',
        arguments = [output.path] + [file.path for file in files],
        inputs = files,
        outputs = [output],
        mnemonic = "WeirNotices",
        progress_message = "Collecting licences",
    )
    return [DefaultInfo(files = depset([output]))]

third_party_notices = rule(
    implementation = _third_party_notices_impl,
    attrs = {
        "intro": attr.label_list(
            doc = "what comes first: weir's own",
            allow_files = True,
            mandatory = True,
        ),
        "shipped": attr.label_list(
            doc = "the program and the plugins",
            aspects = [_linked],
            mandatory = True,
        ),
        "texts": attr.label_keyed_string_dict(allow_files = True, mandatory = True),
    },
)
