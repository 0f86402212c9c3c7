// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/markdown.h"

#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(MarkdownTest, EscapesOutsideOfCode) {
  EXPECT_EQ(MarkdownProse("all * of <a> but `*<[` [x]"), "all \\* of \\<a> but `*<[` \\[x]");
  EXPECT_EQ(MarkdownCell(" a|b\n c\n"), "a\\|b c");
}

TEST(MarkdownTest, IndentedLinesOfACommentAreABlock) {
  EXPECT_EQ(MarkdownComment(" One\n two:\n\n   a {\n     b\n   }\n\n Three.\n", "text"),
            "One\ntwo:\n\n```text\na {\n  b\n}\n```\n\nThree.\n");
  EXPECT_EQ(MarkdownComment(" Only text.", "text"), "Only text.\n");
}

TEST(MarkdownTest, AnchorsAreThoseOfGitHub) {
  EXPECT_EQ(MarkdownAnchor("Message `weir.sources.FilterRule`"), "message-weirsourcesfilterrule");
}

}  // namespace
}  // namespace weir
