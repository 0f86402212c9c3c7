#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tools/build/docs_check.py finds in a small checkout, and how diagrams are drawn."""

import os
import tempfile
import unittest
import xml.dom.minidom

import scripts

docs_check = scripts.load("tools/build/docs_check.py")
diagram = scripts.load("tools/build/diagram.py")

DIAGRAM = "size 30 10\nbox a 1 1 5 3 first & last\nbox b 10 1 5 3 two / lines\narrow a b why\n"
SOUND = {
    "README.md": "[the documentation](docs/README.md)\n",
    "docs/README.md": "# Docs\n[a page](page.md#a-heading-twice-1), [metrics](reference/metrics.md)\n`tools/run`\n",
    "docs/page.md": "## A heading, twice\n## A heading, twice\n[up](#a-heading-twice)\n"
                    "`[no](link.md)`\n```text\n[no](link.md)\n# no heading\n```\n[far](https://example.org/x#y)\n",
    "docs/reference/metrics.md": "| `weir_lost_total` | lost |\n",
    "docs/diagrams/a.diagram": DIAGRAM,
    "docs/diagrams/a.svg": diagram.draw(DIAGRAM, "a.diagram"),
    "sinks/a/a.cc": 'auto m = stage.Counter(\n    "weir_lost_total", "Lost.");\n',
    "sinks/a/a_test.cc": 'stage.Counter("weir_of_a_test_total", "");\n',
    "tools/run": "",
}


class DocsCheckTest(unittest.TestCase):

    def findings(self, **changes):
        """Of the sound checkout with other files: their names have __ for / and _D_ for a dot."""
        files = dict(SOUND)
        for name, text in changes.items():
            files[name.replace("__", "/").replace("_D_", ".")] = text
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            return docs_check.Checkout(folder).check()

    def test_nothing_is_found_in_what_is_sound(self):
        self.assertEqual(self.findings(), [])

    def test_links(self):
        self.assertEqual(self.findings(README_D_md="\n[x](docs/README.md) [a\nb](none.md)\n"),
                         ["README.md:2: a link to none.md, which does not exist"])
        self.assertEqual(self.findings(README_D_md="[x](docs/page.md#none)"),
                         ["README.md:1: a link to #none, which docs/page.md does not have"])
        self.assertEqual(self.findings(README_D_md="[x](docs/page.md#no-heading)"),
                         ["README.md:1: a link to #no-heading, which docs/page.md does not have"])

    def test_a_page_that_nobody_finds(self):
        self.assertEqual(self.findings(docs__lonely_D_md="x"),
                         ["docs/lonely.md:1: no link leads here from docs/README.md"])

    def test_scripts(self):
        self.assertEqual(self.findings(README_D_md="\n`tools/none --fast`"), ["README.md:2: there is no tools/none"])

    def test_metrics(self):
        self.assertEqual(self.findings(sinks__a__b_D_h='Gauge("weir_more", "")'),
                         ["docs/reference/metrics.md:1: weir_more is not described"])
        self.assertEqual(self.findings(sinks__a__a_D_cc=""),
                         ["docs/reference/metrics.md:1: the code has no weir_lost_total"])
        self.assertEqual(self.findings(docs__page_D_md="## A heading, twice\n## A heading, twice\nweir_none_total"),
                         ["docs/page.md:3: the code has no weir_none_total"])
        self.assertEqual(self.findings(docs__page_D_md="## A heading, twice\n## A heading, twice\n"
                                                       'stage.Counter("weir_none_total", "")'), [])

    def test_a_diagram_that_was_changed(self):
        [finding] = self.findings(docs__diagrams__a_D_diagram=DIAGRAM + "text 1 1 more\n")
        self.assertIn("docs/diagrams/a.svg: not what docs/diagrams/a.diagram draws", finding)


class DiagramTest(unittest.TestCase):

    def test_it_is_xml_with_every_text(self):
        svg = xml.dom.minidom.parseString(diagram.draw(DIAGRAM, "a.diagram"))
        self.assertEqual([node.firstChild.data for node in svg.getElementsByTagName("text")],
                         ["first & last", "two", "lines", "why"])

    def test_arrows_are_straight_or_have_one_step(self):
        self.assertEqual(diagram.arrow_points((0, 0, 10, 10), (30, 0, 10, 10)), [(10, 5), (30, 5)])
        self.assertEqual(diagram.arrow_points((30, 0, 10, 10), (0, 20, 10, 10)),
                         [(30, 5), (20, 5), (20, 25), (10, 25)])
        self.assertEqual(diagram.arrow_points((0, 0, 10, 10), (0, 30, 40, 10)), [(5, 10), (5, 30)])
        self.assertEqual(diagram.arrow_points((0, 30, 10, 10), (0, 0, 10, 10)), [(5, 30), (5, 10)])

    def test_mistakes_have_their_line(self):
        for text, finding in (("size 1 1\nline a b\n", "x:2: unknown word 'line'"),
                              ("size 1 1\narrow a b\n", "x:2: no box 'a' above this line"),
                              ("size 1\n", "x:1: 'size' has too few words"),
                              ("size 1 b\n", "x:1: could not convert"),
                              ("# nothing\n", "x: no size")):
            with self.assertRaises(diagram.DiagramError) as caught:
                diagram.draw(text, "x")
            self.assertIn(finding, str(caught.exception))


if __name__ == "__main__":
    scripts.harness.main()
