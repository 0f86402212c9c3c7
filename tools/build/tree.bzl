# SPDX-License-Identifier: Apache-2.0
"""The installed tree, laid out as `tools/install` copies it.

    weir_tree(
        name = "tree",
        files = {
            "//tools/weir:weir.stripped": "bin/",        # by its own name: bin/weir
            "//plugins/sdk:headers": "include/weir/**",  # by its path in the repository
        },
    )

makes bazel-bin/<package>/tree/bin/weir and so on: copies and not links, because the program finds its
plugins by its own path. Links in Markdown pages lead to files of the tree; a link to another file
becomes plain text.
"""

def _path_in_repository(file):
    """The path from the top of its repository. weir may be an external repository."""
    if file.short_path.startswith("../"):
        return file.short_path.split("/", 2)[2]
    return file.short_path

def _path_in_tree(file, place):
    path = place[:-len("**")] + _path_in_repository(file) if place.endswith("/**") else place + file.basename
    return path[:-len(".stripped")] if path.endswith(".stripped") else path

def _copy(ctx, file, output):
    ctx.actions.run_shell(
        command = 'cp "$1" "$2"',
        arguments = [file.path, output.path],
        inputs = [file],
        outputs = [output],
        mnemonic = "WeirTree",
        progress_message = "Laying out %s" % output.short_path,
    )

def _write_page(ctx, file, output, files):
    ctx.actions.run(
        executable = ctx.executable._installed_page,
        arguments = [files.path, _path_in_repository(file), file.path, output.path],
        inputs = [files, file],
        outputs = [output],
        mnemonic = "WeirTreePage",
        progress_message = "Laying out %s" % output.short_path,
    )

def _weir_tree_impl(ctx):
    paths = [
        (file, _path_in_tree(file, place))
        for target, place in ctx.attr.files.items()
        for file in target[DefaultInfo].files.to_list()
    ]

    # Where the links of pages can lead.
    files = ctx.actions.declare_file(ctx.label.name + ".files")
    ctx.actions.write(files, "".join([
        "%s\t%s\n" % (_path_in_repository(file), path)
        for file, path in paths
    ]))
    outputs = []
    for file, path in paths:
        output = ctx.actions.declare_file("%s/%s" % (ctx.label.name, path))
        if path.endswith(".md"):
            _write_page(ctx, file, output, files)
        else:
            _copy(ctx, file, output)
        outputs.append(output)
    return [DefaultInfo(
        files = depset(outputs),
        runfiles = ctx.runfiles(files = outputs),
    )]

weir_tree = rule(
    implementation = _weir_tree_impl,
    attrs = {
        "files": attr.label_keyed_string_dict(
            doc = "label: folder. '/' at its end keeps the name of a file, '/**' its path",
            allow_files = True,
            mandatory = True,
        ),
        # Of this configuration: Bazel would build it a second time for the host.
        "_installed_page": attr.label(
            default = "//tools/build:installed_page",
            executable = True,
            cfg = "target",
        ),
    },
)
