// SPDX-License-Identifier: Apache-2.0
#include "tools/build/installed_links.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string Rewritten(std::string_view markdown) {
  return WithInstalledLinks(markdown, "docs/guides/a.md",
                            {{"docs/guides/a.md", "share/doc/weir/docs/guides/a.md"},
                             {"docs/other.md", "share/doc/weir/docs/other.md"},
                             {"docs/folder/x.md", "share/doc/weir/docs/folder/x.md"},
                             {"examples/file.textproto", "share/weir/examples/file.textproto"},
                             {"plugins/abi/p.h", "include/weir/plugins/abi/p.h"},
                             {"core/flat.proto", "share/weir/proto/flat.proto"}});
}

TEST(InstalledLinksTest, LeadToInstalledFilesAndFolders) {
  EXPECT_EQ(Rewritten("See [other](../other.md#part), ![x](../folder)"),
            "See [other](../other.md#part), ![x](../folder)");
  EXPECT_EQ(Rewritten("[`p.h`](../../plugins/abi/p.h)"),
            "[`p.h`](../../../../../include/weir/plugins/abi/p.h)");
  EXPECT_EQ(Rewritten("[an\nexample](../../examples/file.textproto), [all](../../examples/)"),
            "[an\nexample](../../../../weir/examples/file.textproto), "
            "[all](../../../../weir/examples)");
  EXPECT_EQ(Rewritten("[flat](../../core)"), "[flat](../../../../weir/proto)");
}

TEST(InstalledLinksTest, BecomePlainTextIfTheFileIsNotInstalled) {
  EXPECT_EQ(Rewritten("([a test](../../tests/b_test.py), [b_test.py](../../tests/b_test.py#c))"),
            "(a test (`tests/b_test.py`), b_test.py)");
  EXPECT_EQ(Rewritten("[core](../../core/a) [`[x]` y](z.md)"),
            "core (`core/a`) `[x]` y (`docs/guides/z.md`)");
}

TEST(InstalledLinksTest, OtherTextStays) {
  for (const std::string text :
       {"[a](https://a.example/b) [b](#b) [c](mailto:c@d)", "`[a](none.md)` ``[`](none.md)``",
        "```sh\n[a](none.md)\n```\n", "  ```text\n[a](none.md)\n  ```\nb", "\\[a](none.md)",
        "[a]: b", "[a\n\nb](none.md)", "[a](none.md \"title\")", "[a](", "]", "`[", "```", "",
        "\\"}) {
    EXPECT_EQ(Rewritten(text), text);
  }
}

}  // namespace
}  // namespace weir
