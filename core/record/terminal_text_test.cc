// SPDX-License-Identifier: Apache-2.0
#include "core/record/terminal_text.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(TerminalText, EscapesControlCharacters) {
  EXPECT_EQ(TerminalText("a \x1b[31m\r\x7f"), R"(a \x1b[31m\x0d\x7f)");
  // C1 (U+009B), U+202E, and bytes that are not UTF-8.
  EXPECT_EQ(TerminalText("\xc2\x9b \xe2\x80\xae \x9b \xff"), R"(\xc2\x9b \xe2\x80\xae \x9b \xff)");
  EXPECT_EQ(TerminalText(std::string_view("\0", 1)), R"(\x00)");
}

TEST(TerminalText, KeepsOtherText) {
  EXPECT_EQ(TerminalText("'weir'\tmi\xc3\x9ft \\ \"Fl\xc3\xbcsse\"\n\xe2\x82\xac"),
            "'weir'\tmi\xc3\x9ft \\ \"Fl\xc3\xbcsse\"\n\xe2\x82\xac");
  EXPECT_EQ(TerminalText(""), "");
}

TEST(TerminalLine, IsOneLine) {
  EXPECT_EQ(TerminalLine("a\nsource x\tb \xc3\x9f"), "a\\x0asource x\\x09b \xc3\x9f");
}

}  // namespace
}  // namespace weir
