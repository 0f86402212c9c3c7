# SPDX-License-Identifier: Apache-2.0
"""Repository rules: pinned archives, stand-ins, and tools of the machine."""

load(":host_tools.bzl", "HOST_TOOLS", "check_tool", "is_clang")

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
    place = None
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
            place = ctx.attr.sha256.index(hash)
            break

    # The archive has a name of our own, hence the type by hand.
    kind = "tar.bz2" if ctx.attr.urls[0].endswith(".bz2") else "tar.gz"
    if ctx.attr.type:
        kind = ctx.attr.type[place]
    named = ctx.path("source." + kind)
    ctx.symlink(archive, named)
    ctx.extract(named, stripPrefix = ctx.attr.strip[place])
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
        "type": attr.string_list(),
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
    for label, path in ctx.attr.overlay.items():
        ctx.symlink(label, path)

stand_in = repository_rule(
    implementation = _stand_in_impl,
    doc = "A small repository made of the given texts, in place of one that would be downloaded.",
    attrs = {
        "files": attr.string_dict(mandatory = True),
        "overlay": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Files of this repository and where they go in it.",
        ),
    },
)

def _find_program(ctx, name):
    if name.startswith("/"):
        return name if ctx.path(name).exists else ""
    if "/" in name:
        return ""  # relative to what?
    path = ctx.which(name)
    return str(path) if path else ""

def _says(ctx, path):
    """What a program says of its version; "" if it does not run."""
    result = ctx.execute([path, "--version"])
    return result.stdout if result.return_code == 0 else ""

def _find_tool(ctx, tool, named):
    """The program for a tool: the named one, else the first that is fit for use."""
    first = None
    for name in [named] if named else HOST_TOOLS[tool]["names"]:
        path = _find_program(ctx, name)
        if not path:
            continue
        text = _says(ctx, path)
        checked = check_tool(tool, path, text)
        found = struct(
            path = path,
            text = text,
            version = checked.version,
            problem = checked.problem,
            note = checked.note,
        )
        if not checked.problem:
            return found
        first = first or found
    if first:
        return first
    return struct(path = "", text = "", version = "", problem = check_tool(tool, "", "", named).problem, note = "")

# A program in the language and with the part of the library that weir needs; what
# it prints tells the C library that the compiler uses.
_PROBE = """\
#include <filesystem>
#if __cplusplus < 201703L
#error "no C++17"
#endif
weir_libc __GLIBC__.__GLIBC_MINOR__
"""

def _probe_compiler(ctx, path):
    """Tries a C++ compiler. Returns (problem, version of glibc)."""
    ctx.file("probe.cc", _PROBE, executable = False)
    result = ctx.execute([path, "-std=c++17", "-E", "-P", "probe.cc"])
    ctx.delete("probe.cc")
    if result.return_code != 0:
        reason = (result.stderr.strip() or "no reason given").split("\n")[0]
        return "%s cannot compile C++17 (%s): install the package %s" % (path, reason, HOST_TOOLS["g++"]["package"]), ""
    libc = ""
    for line in result.stdout.split("\n"):
        if line.startswith("weir_libc "):
            libc = line[len("weir_libc "):].replace(" ", "")
    return "", libc

# Bazel knows the C++ compiler by its path only. With these properties of the platform
# that actions run on, its version and the C library's are in the key of everything
# in a disk cache: after an upgrade of the machine, or from another machine, nothing
# is taken that another compiler has made.
_HOST_BUILD = """\
exports_files(["tools.bzl"])

platform(
    name = "platform",
    exec_properties = {{
        "weir_compiler": "{compiler}",
        "weir_libc": "{libc}",
    }},
    parents = ["@local_config_platform//:host"],
    visibility = ["//visibility:public"],
)
"""

def _host_tools_impl(ctx):
    named = {
        tool: ctx.os.environ.get(entry["variable"], "").strip()
        for tool, entry in HOST_TOOLS.items()
    }

    # Bazel's own C++ toolchain takes CC, else gcc; so does this.
    found = {"g++": _find_tool(ctx, "g++", named["g++"])}
    compiler_is_clang = is_clang(found["g++"].text)

    # Where user space is compiled with a clang, that one is meant.
    if compiler_is_clang and not named["clang"]:
        named["clang"] = found["g++"].path
    for tool in ["clang", "llvm-strip", "bpftool"]:
        found[tool] = _find_tool(ctx, tool, named[tool])
    problem = found["g++"].problem
    libc = ""
    if not problem:
        problem, libc = _probe_compiler(ctx, found["g++"].path)
    if not problem and compiler_is_clang and found["clang"].path:
        user, kernel = [ctx.path(found[tool].path).realpath for tool in ["g++", "clang"]]
        if user != kernel:
            problem = "CC is %s and WEIR_CLANG is %s: user space and BPF programs are compiled with one clang" % (user, kernel)

    # Without any compiler Bazel's own toolchain ends the build before a target of
    # weir's gets to say so, and does not say what to install.
    if not found["g++"].path:
        # buildifier: disable=print
        print(problem)
    lines = ["HOST_TOOLS = {"]
    for tool, program in found.items():
        if program.note:
            # buildifier: disable=print
            print(program.note)
        lines.append("    %r: struct(path = %r, version = %r, problem = %r)," % (
            tool,
            program.path,
            program.version,
            problem if tool == "g++" else program.problem,
        ))
    lines += ["}", "COMPILER_IS_CLANG = %r" % compiler_is_clang]
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name, executable = False)
    ctx.file("BUILD.bazel", _HOST_BUILD.format(
        compiler = "%s %s" % ("clang" if compiler_is_clang else "gcc", found["g++"].version),
        libc = libc,
    ), executable = False)
    ctx.file("tools.bzl", "\n".join(lines) + "\n", executable = False)

host_tools = repository_rule(
    implementation = _host_tools_impl,
    doc = "Where the programs of HOST_TOOLS (host_tools.bzl) are on this machine, which versions they have, and what is wrong with them.",
    # Looked up again with every new server: these are the machine's packages.
    local = True,
    configure = True,
    environ = ["PATH"] + [entry["variable"] for entry in HOST_TOOLS.values()],
)
