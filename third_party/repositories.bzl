# SPDX-License-Identifier: Apache-2.0
"""Repository rules: pinned archives, stand-ins, and tools of the machine."""

def _hashes_in_order(ctx):
    """The accepted hashes, that of the archive in the distdir first.

    Only an order: the download below verifies. Without it, a machine that
    builds from Debian's archives would ask upstream for the other one first,
    and Bazel would repeat its warning about that with every command.
    """
    hashes = ctx.attr.sha256
    distdir = ctx.os.environ.get("WEIR_DISTDIR", "")
    if distdir and len(hashes) > 1:
        file = "%s/%s" % (distdir, ctx.attr.urls[0].split("/")[-1])
        sum = ctx.execute(["sha256sum", file])
        found = sum.stdout.split(" ")[0]
        if sum.return_code == 0 and found in hashes:
            return [found] + [hash for hash in hashes if hash != found]
    return hashes

def _pinned_archive_impl(ctx):
    archive = ctx.path("source.archive")
    strip = None
    hashes = _hashes_in_order(ctx)
    for hash in hashes:
        # Only the last attempt may fail the build, so that the message shows
        # Bazel's own reason.
        result = ctx.download(
            url = ctx.attr.urls,
            output = archive,
            sha256 = hash,
            allow_fail = hash != hashes[-1],
        )
        if result.success:
            strip = ctx.attr.strip[ctx.attr.sha256.index(hash)]
            break

    # The archive has a name of our own, hence the type by hand.
    kind = "tar.bz2" if ctx.attr.urls[0].endswith(".bz2") else "tar.gz"
    named = ctx.path("source." + kind)
    ctx.symlink(archive, named)
    ctx.extract(named, stripPrefix = strip)
    ctx.delete(named)
    ctx.delete(archive)

    # Where an overlay is laid over the archive, packages and ignore files of
    # the archive's own would hide files from it.
    if ctx.attr.build_file:
        find = ctx.execute([
            "find",
            ".",
            "(",
            "-name",
            "BUILD",
            "-o",
            "-name",
            "BUILD.bazel",
            "-o",
            "-name",
            ".bazelignore",
            ")",
            "-type",
            "f",
            "-delete",
        ])
        if find.return_code != 0:
            fail("cannot clear the archive's own BUILD files: " + find.stderr)
        ctx.symlink(ctx.attr.build_file, "BUILD.bazel")
    for label, path in ctx.attr.overlay.items():
        ctx.symlink(label, path)

    # The boundary marker that 4.2.3 and 7.x both take.
    ctx.delete("WORKSPACE.bazel")
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name, executable = False)

pinned_archive = repository_rule(
    implementation = _pinned_archive_impl,
    doc = "A source archive of ARCHIVES (archives.bzl), by any of its accepted hashes.",
    environ = ["WEIR_DISTDIR"],
    attrs = {
        "urls": attr.string_list(mandatory = True),
        "sha256": attr.string_list(mandatory = True),
        "strip": attr.string_list(mandatory = True),
        "build_file": attr.label(
            allow_single_file = True,
            doc = "Replaces every BUILD file of the archive. Without it the archive's own are used.",
        ),
        "overlay": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Further files of this repository and where they go in the archive.",
        ),
    },
)

def _stand_in_impl(ctx):
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name, executable = False)
    for path, text in ctx.attr.files.items():
        ctx.file(path, text, executable = False)

stand_in = repository_rule(
    implementation = _stand_in_impl,
    doc = "A small repository made of the given texts, in place of one that would be downloaded.",
    attrs = {"files": attr.string_dict(mandatory = True)},
)

def _tool_version(ctx, path):
    result = ctx.execute([path, "--version"])
    return result.stdout.replace("\n", " ").strip() if result.return_code == 0 else ""

def _bpf_tools_impl(ctx):
    # bpftool of Debian 12 is in /usr/sbin, which is in no user's PATH nor in
    # that of Bazel's actions.
    lines = []
    for constant, names in {
        "CLANG": ["clang", "clang-14"],
        "LLVM_STRIP": ["llvm-strip", "llvm-strip-14"],
        "BPFTOOL": ["bpftool", "/usr/sbin/bpftool", "/sbin/bpftool"],
    }.items():
        found = None
        for name in names:
            path = ctx.path(name) if name.startswith("/") else ctx.which(name)
            if path and path.exists:
                found = path
                break
        lines.append("%s = %r" % (constant, str(found) if found else ""))

        # The version is part of every action's key, so that another compiler
        # does not take the result of the former one out of the cache.
        lines.append("%s_VERSION = %r" % (constant, _tool_version(ctx, found) if found else ""))
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name, executable = False)
    ctx.file("BUILD.bazel", "exports_files([\"tools.bzl\"])\n", executable = False)
    ctx.file("tools.bzl", "\n".join(lines) + "\n", executable = False)

bpf_tools = repository_rule(
    implementation = _bpf_tools_impl,
    doc = "Where clang, llvm-strip and bpftool are on this machine; an empty path where one is missing.",
    # Looked up again with every new server: these are the machine's packages.
    local = True,
    configure = True,
    environ = ["PATH"],
)
