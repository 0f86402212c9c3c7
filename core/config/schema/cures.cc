// SPDX-License-Identifier: Apache-2.0
#include "core/config/schema/cures.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/regex/regex.h"

namespace weir::config {
namespace {

constexpr int64_t kHoursOfDay = 24;
constexpr int64_t kHoursOfWeek = 7 * kHoursOfDay;
constexpr int64_t kMostWeeks = 100'000;

// A unit as people write it. One with `hours` has no unit of weir.
struct Unit {
  const char* names;  // with a space on both sides
  const char* of_weir;
  int64_t hours = 0;
};

constexpr Unit kUnits[] = {
    {" s sec secs second seconds ", "s"},
    {" m min mins minute minutes ", "m"},
    {" h hr hrs hour hours ", "h"},
    {" ms msec msecs millisecond milliseconds ", "ms"},
    {" us usec usecs microsecond microseconds µs ", "us"},
    {" ns nsec nsecs nanosecond nanoseconds ", "ns"},
    {" d day days ", nullptr, kHoursOfDay},
    {" w week weeks ", nullptr, kHoursOfWeek},
};

const Unit* FindUnit(std::string_view name) {
  if (name.empty() || name == "M") return nullptr;  // a month or a minute
  const std::string wanted = absl::StrCat(" ", absl::AsciiStrToLower(name), " ");
  for (const Unit& unit : kUnits) {
    if (absl::StrContains(unit.names, wanted)) return &unit;
  }
  return nullptr;
}

std::string_view TakeWhile(std::string_view* text, bool (*is_part)(unsigned char)) {
  const auto end = std::find_if_not(text->begin(), text->end(), is_part);
  const std::string_view taken = text->substr(0, static_cast<size_t>(end - text->begin()));
  text->remove_prefix(taken.size());
  return taken;
}

bool IsNumberByte(unsigned char c) { return absl::ascii_isdigit(c) || c == '.'; }
bool IsUnitByte(unsigned char c) { return absl::ascii_isalpha(c) || c >= 0x80; }

// Each group of separators becomes one hyphen.
std::string WithHyphens(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool separates = absl::StrContains(",+|;/ ", c);
    if (!separates) {
      result += c;
    } else if (!absl::EndsWith(result, "-")) {
      result += '-';
    }
  }
  return result;
}

// "fd00::1:9999" without the brackets that an IPv6 address needs before a port.
std::string WithBrackets(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || std::count(text.begin(), text.end(), ':') < 2) return "";
  return absl::StrCat("[", text.substr(0, colon), "]", text.substr(colon));
}

// Bytes that a pattern of a shell does not have.
bool IsRegexLike(std::string_view name) {
  return name.find_first_of("^$|()\\") != std::string_view::npos || absl::StrContains(name, ".*") ||
         absl::StrContains(name, ".+") || absl::StrContains(name, ".?");
}

std::string FromRegex(std::string_view regex) {
  const bool anchored = absl::StartsWith(regex, "^") || absl::EndsWith(regex, "$");
  if (anchored) return absl::StrCat("/", regex, "/");
  const bool group = absl::StrContains(regex, '|') && !absl::StrContains(regex, '(');
  return absl::StrCat("/^", group ? "(" : "", regex, group ? ")" : "", "$/");
}

std::string FromShellPattern(std::string_view pattern) {
  std::string regex = "/^";
  for (const char c : pattern) {
    if (c == '*') regex += '.';
    if (c == '.') regex += '\\';
    regex += c == '?' ? '.' : c;
  }
  return regex + "$/";
}

std::string MeantRegexUnchecked(std::string_view name) {
  if (!absl::StrContains(name, '/')) {
    return IsRegexLike(name) ? FromRegex(name) : FromShellPattern(name);
  }
  // A slash is missing at one end.
  std::string_view inside = name;
  if (absl::StartsWith(inside, "/")) inside.remove_prefix(1);
  if (absl::EndsWith(inside, "/")) inside.remove_suffix(1);
  const bool one_end = inside.size() + 1 == name.size() && !absl::StrContains(inside, '/');
  return one_end && !inside.empty() ? absl::StrCat("/", inside, "/") : "";
}

}  // namespace

std::string MeantRegex(std::string_view name) {
  const std::string meant = MeantRegexUnchecked(name);
  if (meant.size() < 3) return "";
  std::string wrong;
  const bool valid =
      Regex::Compile(meant.substr(1, meant.size() - 2), Regex::Unit::kByte, &wrong).has_value();
  return valid ? meant : "";
}

std::string ExactRegex(std::string_view name) {
  std::string regex = "/^";
  for (const char c : name) {
    if (absl::StrContains("*?[]^$|()\\.+{}", c)) regex += '\\';
    regex += c;
  }
  return regex + "$/";
}

std::string MeantDuration(std::string_view text) {
  std::string duration;
  int64_t hours = 0;
  while (true) {
    TakeWhile(&text, absl::ascii_isspace);
    if (text.empty()) break;
    const std::string_view number = TakeWhile(&text, IsNumberByte);
    TakeWhile(&text, absl::ascii_isspace);
    const Unit* const unit = FindUnit(TakeWhile(&text, IsUnitByte));
    if (number.empty() || unit == nullptr) return "";
    if (unit->hours == 0) {
      absl::StrAppend(&duration, number, unit->of_weir);
      continue;
    }
    int64_t count = 0;
    if (!absl::SimpleAtoi(number, &count) || count > kMostWeeks) return "";
    hours += count * unit->hours;
    if (hours > kMostWeeks * kHoursOfWeek) return "";
  }
  return hours == 0 ? duration : absl::StrCat(hours, "h", duration);
}

// The example shows how parts are separated; a field without one takes a name of the user.
std::vector<std::string> OtherForms(std::string_view value, const FieldRules& rules) {
  const std::string_view stripped = absl::StripAsciiWhitespace(value);
  if (rules.has_duration()) return {absl::StrCat(stripped, "s"), MeantDuration(stripped)};
  if (rules.name_or_regex()) return {MeantRegex(value)};
  std::vector<std::string> forms = {std::string(stripped)};
  if (!rules.has_pattern()) return forms;
  const std::string upper = absl::AsciiStrToUpper(stripped);
  forms.push_back(WithBrackets(stripped));
  forms.push_back(upper);
  if (!rules.has_example()) forms.push_back(absl::StrReplaceAll(stripped, {{" ", "_"}}));
  if (absl::StrContains(rules.example(), ',')) {
    forms.push_back(absl::StrReplaceAll(stripped, {{" ", ""}}));
  }
  if (absl::StrContains(rules.example(), '-')) {
    forms.push_back(WithHyphens(stripped));
    forms.push_back(WithHyphens(upper));
  }
  return forms;
}

}  // namespace weir::config
