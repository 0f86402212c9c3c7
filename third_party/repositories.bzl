# SPDX-License-Identifier: Apache-2.0
"""Repository rules: pinned archives, stand-ins, and tools of the machine."""

load(":host_tools.bzl", "HOST_TOOLS", "check_tool", "is_clang")

def _hashes_in_order(ctx):
    """Returns the accepted hashes, the hash of the archive in the distdir first.

    This is only an order: the download below verifies the hash. Without it, a machine that
    builds from Debian's archives would ask upstream for the other archive first, and Bazel
    would print a warning about it with every command.
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
        # Only the last attempt may fail the build. Its message shows Bazel's own reason.
        result = ctx.download(
            url = ctx.attr.urls,
            output = archive,
            sha256 = hash,
            allow_fail = hash != hashes[-1],
        )
        if result.success:
            place = ctx.attr.sha256.index(hash)
            break

    # The archive has a name without an ending, so the type comes from elsewhere.
    kind = "tar.bz2" if ctx.attr.urls[0].endswith(".bz2") else "tar.gz"
    if ctx.attr.type:
        kind = ctx.attr.type[place]
    named = ctx.path("source." + kind)
    ctx.symlink(archive, named)
    ctx.extract(named, stripPrefix = ctx.attr.strip[place])
    ctx.delete(named)
    ctx.delete(archive)

    # Packages and ignore files of the archive would hide files from an overlay.
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

    # The boundary marker that Bazel 4.2.3 and 7 both accept.
    ctx.delete("WORKSPACE.bazel")
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name, executable = False)

pinned_archive = repository_rule(
    implementation = _pinned_archive_impl,
    doc = "A source archive of ARCHIVES (archives.bzl), with any of its accepted hashes.",
    environ = ["WEIR_DISTDIR"],
    attrs = {
        "urls": attr.string_list(mandatory = True),
        "sha256": attr.string_list(mandatory = True),
        "strip": attr.string_list(mandatory = True),
        "type": attr.string_list(),
        "build_file": attr.label(
            allow_single_file = True,
            doc = "Replaces all BUILD files of the archive. By default Bazel uses those of the archive.",
        ),
        "overlay": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Further files of this repository and their paths in the archive.",
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
    doc = "A small repository made of the given texts, in place of a downloaded one.",
    attrs = {
        "files": attr.string_dict(mandatory = True),
        "overlay": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Further files of this repository and their paths in it.",
        ),
    },
)

def _find_program(ctx, name):
    if name.startswith("/"):
        return name if ctx.path(name).exists else ""
    if "/" in name:
        return ""  # a relative path: Bazel has no folder to start from
    path = ctx.which(name)
    return str(path) if path else ""

def _version_text(ctx, path):
    """Returns the output of --version; "" if the program does not run."""
    result = ctx.execute([path, "--version"])
    return result.stdout if result.return_code == 0 else ""

def _find_tool(ctx, tool, named):
    """Returns the program for a tool: the named one, else the first suitable one."""
    first = None
    for name in [named] if named else HOST_TOOLS[tool]["names"]:
        path = _find_program(ctx, name)
        if not path:
            continue
        text = _version_text(ctx, path)
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

# Needs the language and the part of the library that weir needs. Its output names the C
# library that the compiler uses.
_PROBE = """\
#include <filesystem>
#if __cplusplus < 201703L
#error "no C++17"
#endif
weir_libc __GLIBC__.__GLIBC_MINOR__
"""

def _probe_compiler(ctx, path):
    """Tests a C++ compiler. Returns (problem, version of glibc)."""
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

# Bazel knows the C++ compiler only by its path. These properties of the execution platform
# put the versions of the compiler and of the C library into every key of a disk cache. So
# Bazel never uses a result of another compiler, after an upgrade or from another machine.
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

    # If user space is compiled with a clang, BPF programs are compiled with the same one.
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

    # Without a compiler Bazel's own toolchain ends the build before a target of weir can name
    # the package to install.
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
    doc = "The paths, versions and problems of the programs of HOST_TOOLS (host_tools.bzl) on this machine.",
    # Looked up again with every new server, because packages of the machine change.
    local = True,
    configure = True,
    environ = ["PATH"] + [entry["variable"] for entry in HOST_TOOLS.values()],
)
