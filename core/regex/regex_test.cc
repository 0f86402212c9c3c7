// SPDX-License-Identifier: Apache-2.0
#include "core/regex/regex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weir {
namespace {

std::optional<Regex> Compile(const std::string& expression,
                             Regex::Unit unit = Regex::Unit::kCharacter) {
  std::string error;
  std::optional<Regex> regex = Regex::Compile(expression, unit, &error);
  EXPECT_TRUE(regex.has_value()) << expression << ": " << error;
  return regex;
}

std::string ErrorOf(const std::string& expression) {
  std::string error;
  EXPECT_FALSE(Regex::Compile(expression, Regex::Unit::kCharacter, &error).has_value());
  return error;
}

TEST(Regex, MatchesAllOrAPart) {
  const std::optional<Regex> regex = Compile("a|ab");
  EXPECT_TRUE(regex->MatchesAll("ab"));
  EXPECT_FALSE(regex->MatchesAll("xab"));
  EXPECT_TRUE(regex->MatchesPart("xaby"));
  EXPECT_FALSE(regex->MatchesPart("xy"));
  EXPECT_FALSE(Compile("^b$")->MatchesPart("a\nb"));
}

// A matcher that backtracks is not done with these in a lifetime.
TEST(Regex, TakesLinearTime) {
  for (const char* const evil : {"^(a*)*(a*)*(a*)*b$", "(a+)+$", "(a|a)*b", "(.*)*(.*)*(.*)*=x"}) {
    const std::optional<Regex> regex = Compile(evil);
    EXPECT_FALSE(regex->MatchesAll(std::string(1024, 'a') + "c")) << evil;
  }
  EXPECT_FALSE(Compile("(a*)*(a*)*(a*)*b", Regex::Unit::kByte)->MatchesPart(std::string(15, 'a')));
}

TEST(Regex, NamesThatAreNotUtf8AreMatchedByteByByte) {
  EXPECT_TRUE(Compile("^veth.*$", Regex::Unit::kByte)->MatchesPart("veth\xff\xfe"));
  EXPECT_TRUE(Compile("^é$", Regex::Unit::kByte)->MatchesPart("é"));
  EXPECT_FALSE(Compile("veth.*")->MatchesAll("veth\xff\xfe"));
  EXPECT_TRUE(Compile("[éü]")->MatchesAll("ü"));
}

TEST(Regex, SaysWhatIsWrong) {
  EXPECT_EQ(ErrorOf("[a"), "a '[' without ']'");
  EXPECT_EQ(ErrorOf("(a"), "a '(' without ')'");
  EXPECT_EQ(ErrorOf("a)"), "a ')' without '('");
  EXPECT_EQ(ErrorOf("(a)\\1"), "'\\1' is no escape sequence; back references are not supported");
  EXPECT_EQ(ErrorOf("a\\"), "a '\\' at its end");
  EXPECT_EQ(ErrorOf("[z-a]"), "'z-a' is no class or range of characters");
  EXPECT_EQ(ErrorOf("[[:nope:]]"), "'[:nope:]' is no class or range of characters");
  EXPECT_EQ(ErrorOf("*a"), "'*' repeats nothing");
  EXPECT_EQ(ErrorOf("a**"), "'**' repeats a repetition");
  EXPECT_EQ(ErrorOf("a{2,1}"), "'{2,1}' is no possible repetition; 1000 is the most");
  EXPECT_EQ(ErrorOf("a{1001}"), "'{1001}' is no possible repetition; 1000 is the most");
  EXPECT_EQ(ErrorOf("a(?=b)"), "'(?=' is not supported; there is no look-ahead and no look-behind");
  EXPECT_EQ(ErrorOf("(?P<a-b>x)"), "'(?P<a-b>' is no name of a group");
  EXPECT_EQ(ErrorOf("\xff"), "it is not UTF-8");
}

TEST(Regex, HasTheClassesOfAscii) {
  const std::string all = [] {
    std::string bytes;
    for (int byte = 1; byte < 128; ++byte) bytes += static_cast<char>(byte);
    return bytes;
  }();
  const auto members = [&all](const std::string& expression) {
    const std::optional<Regex> regex = Compile(expression);
    return std::count_if(all.begin(), all.end(), [&regex](char member) {
      return regex->MatchesAll(std::string_view(&member, 1));
    });
  };
  EXPECT_EQ(members("\\d"), 10);
  EXPECT_EQ(members("\\w"), 63);
  EXPECT_EQ(members("\\s"), 5);
  EXPECT_EQ(members("\\W"), 127 - 63);
  for (const auto& [name, test] : std::map<std::string, int (*)(int)>{{"alnum", isalnum},
                                                                      {"alpha", isalpha},
                                                                      {"blank", isblank},
                                                                      {"cntrl", iscntrl},
                                                                      {"digit", isdigit},
                                                                      {"graph", isgraph},
                                                                      {"lower", islower},
                                                                      {"print", isprint},
                                                                      {"punct", ispunct},
                                                                      {"space", isspace},
                                                                      {"upper", isupper},
                                                                      {"xdigit", isxdigit}}) {
    const auto expected =
        std::count_if(all.begin(), all.end(), [test = test](char c) { return test(c) != 0; });
    EXPECT_EQ(members("[[:" + name + ":]]"), expected) << name;
    EXPECT_EQ(members("[[:^" + name + ":]]"), 127 - expected) << name;
  }
  EXPECT_TRUE(Compile("(?i)eTh[a-c]")->MatchesAll("EtHB"));
  EXPECT_TRUE(Compile("(?P<name_1>x)")->MatchesAll("x"));
  EXPECT_EQ(ErrorOf("a\\\\\\pL"), "classes of Unicode, as in '\\pL', are not supported");
  EXPECT_TRUE(Compile("\\\\p\\Q\\p\\E")->MatchesAll("\\p\\p"));
}

TEST(Regex, SizeIsBounded) {
  EXPECT_EQ(ErrorOf("((a{100}){10}){10}"), "'{10}' is no possible repetition; 1000 is the most");
  std::string large;
  for (int i = 0; i < 8; ++i) large += "([^a]{100}){10}";
  EXPECT_EQ(ErrorOf(large), "it is too large once its repetitions are written out");
  // Large, but possible: slow paths of the matcher keep the bound too.
  EXPECT_FALSE(Compile("(a?){500}(b?){400}c")->MatchesAll(std::string(1024, 'a')));
}

}  // namespace
}  // namespace weir
