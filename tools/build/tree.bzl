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
plugins by its own path.
"""

def _path_in_repository(file):
    """The path from the top of its repository. weir may be an external repository."""
    if file.short_path.startswith("../"):
        return file.short_path.split("/", 2)[2]
    return file.short_path

def _weir_tree_impl(ctx):
    outputs = []
    for target, place in ctx.attr.files.items():
        for file in target[DefaultInfo].files.to_list():
            if place.endswith("/**"):
                path = place[:-len("**")] + _path_in_repository(file)
            else:
                path = place + file.basename
            if path.endswith(".stripped"):
                path = path[:-len(".stripped")]
            output = ctx.actions.declare_file("%s/%s" % (ctx.label.name, path))
            ctx.actions.run_shell(
                command = 'cp "$1" "$2"',
                arguments = [file.path, output.path],
                inputs = [file],
                outputs = [output],
                mnemonic = "WeirTree",
                progress_message = "Laying out %s" % path,
            )
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
    },
)
