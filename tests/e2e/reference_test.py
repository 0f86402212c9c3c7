#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The generated pages of docs/reference are what the code says, and the test sees it if not."""

import json
import pathlib
import re
import shutil
import subprocess

import harness

SCRIPT = harness.runfile("tools/build/reference_pages.py")
BUNDLE = harness.runfile("tools/weir/reference.txt")
FOLDER = harness.runfile("docs/reference")


class ReferenceTest(harness.WeirTest):

    def call(self, folder, *flags):
        return subprocess.run(["python3", SCRIPT, *flags, BUNDLE, folder], text=True, capture_output=True,
                              timeout=harness.DEADLINE_SECONDS, check=False)

    def test_pages_are_up_to_date(self):
        done = self.call(FOLDER, "--check")
        self.assertEqual((done.returncode, done.stderr), (0, ""), "run tools/reference")

    def test_every_component_has_a_page_with_all_its_fields(self):
        types = 0
        for line in harness.run(harness.WEIR, "plugins").splitlines():
            if line.startswith(" "):
                continue
            kind, name = line.split()[:2]
            text = pathlib.Path(FOLDER, f"components/{kind}-{name}.md").read_text()
            types += 1
            described = harness.run(harness.WEIR, "describe", name)
            if described.count("\nPlugin: ") > 1:
                continue  # a source and a sink of one name: both are described
            for field in re.findall(r"(?m)^  ([a-z0-9_]+): ", described.partition("Example:")[0]):
                self.assertIn(f"### `{field}`\n", text)
        self.assertGreaterEqual(types, 6)

    def test_every_field_of_a_record_is_explained(self):
        page = pathlib.Path(FOLDER, "records.md").read_text()
        for field in json.loads(harness.run(harness.WEIR, "fields", "--json"))["fields"]:
            if "json" in field:
                self.assertIn(f"`{field['json']}`", page)

    def test_what_is_stale_is_named_and_can_be_written(self):
        folder = pathlib.Path(self.folder, "reference")
        shutil.copytree(FOLDER, folder, symlinks=False)
        page = folder / "components/sink-file.md"
        page.unlink()
        page.write_text("<!-- Generated: changed -->")
        gone = folder / "components/sink-gone.md"
        gone.write_text("<!-- Generated: of a component that is gone -->")
        done = self.call(folder, "--check")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "".join(f"docs/reference/components/sink-{name}.md is not up to date; "
                                              "run tools/reference\n" for name in ("file", "gone")))
        self.assertEqual(self.call(folder).returncode, 0)
        self.assertFalse(gone.exists())
        self.assertEqual(self.call(folder, "--check").returncode, 0)
        # Pages that people write stay.
        self.assertTrue((folder / "metrics.md").exists())


if __name__ == "__main__":
    harness.main()
