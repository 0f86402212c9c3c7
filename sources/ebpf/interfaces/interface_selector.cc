// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/interface_selector.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/record/ip_prefix.h"

namespace weir::ebpf {

namespace {

constexpr char kLoopback[] = "lo";

// The kernel's limit (IFNAMSIZ), without the NUL byte.
constexpr size_t kMostBytes = 15;

bool IsExpression(const std::string& text) {
  return text.size() >= 2 && text.front() == '/' && text.back() == '/';
}

// Returns what is wrong with an exact name that nearly always means something else; or an empty
// string.
std::string Misunderstood(const std::string& name, const std::string& field) {
  const std::string exact = "; for exactly this name write \"/^" + name + "$/\"";
  if (name == "any" || name == "all") {
    return "write \"/.*/\" for all interfaces" + exact;
  }
  if (name.front() == '!') {
    return "'!' excludes nothing; write exclude_interfaces: \"" + name.substr(1) + "\"" + exact;
  }
  if (IpPrefix::Parse(name).has_value()) {
    return "this is an IP address; `" + field +
           "` takes names, and `interface_ips` takes addresses";
  }
  return "";
}

// Returns what is wrong with an exact name that no interface can have (kernel: dev_valid_name), or
// that means something else, such as a list; or an empty string.
std::string WrongName(const std::string& name, const std::string& field) {
  if (name.empty()) return "an interface has a name of at least one byte";
  if (std::string wrong = Misunderstood(name, field); !wrong.empty()) return wrong;
  if (name.find(',') != std::string::npos) return "write one `" + field + "` for each interface";
  for (const char c : name) {
    if (absl::ascii_isspace(c)) return "the name of an interface has no space";
    if (c == '/' || c == ':') return std::string("the name of an interface has no '") + c + "'";
  }
  if (name == "." || name == "..") return "no interface can have this name";
  if (name.size() <= kMostBytes) return "";
  return absl::StrCat("it has ", name.size(), " bytes; the name of an interface has at most ",
                      kMostBytes);
}

}  // namespace

sdk::Status CheckInterfaceNames(const std::string& field, const std::vector<std::string>& texts,
                                bool may_be_empty) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string& text = texts[i];
    if (text.empty() && may_be_empty) continue;
    const std::string wrong = text == "//"
                                  ? "the expression is empty; write \"/.*/\" for all interfaces"
                              : IsExpression(text) ? ""
                                                   : WrongName(text, field);
    if (wrong.empty()) continue;
    return {WEIR_INVALID_ARGUMENT,
            absl::StrCat(field, "[", i, "]: '", absl::Utf8SafeCHexEscape(text), "': ", wrong)};
  }
  return sdk::OkStatus();
}

bool InterfaceSelector::Pattern::Matches(const std::string& other) const {
  return regex ? regex->MatchesPart(other) : name == other;
}

sdk::Result<std::vector<InterfaceSelector::Pattern>> InterfaceSelector::Parse(
    const std::vector<std::string>& texts) {
  std::vector<Pattern> patterns;
  for (const std::string& text : texts) {
    Pattern pattern;
    if (!IsExpression(text)) {
      pattern.name = text;
    } else {
      // Names are bytes: an expression also matches a name that is not UTF-8.
      std::string wrong;
      pattern.regex = Regex::Compile(text.substr(1, text.size() - 2), Regex::Unit::kByte, &wrong);
      if (!pattern.regex.has_value()) {
        return sdk::Status(WEIR_INVALID_ARGUMENT,
                           "'" + text + "' is not a regular expression: " + wrong);
      }
    }
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

sdk::Result<InterfaceSelector> InterfaceSelector::Make(
    const std::vector<std::string>& include, const std::optional<std::vector<std::string>>& exclude,
    const std::vector<std::string>& ranges) {
  InterfaceSelector selector;
  for (const std::string& text : ranges) {
    const std::optional<IpPrefix> range = IpPrefix::Parse(text);
    if (!range.has_value()) {
      return sdk::Status(WEIR_INVALID_ARGUMENT, "'" + text + "' is not a range of IP addresses");
    }
    selector.ranges_.push_back(*range);
  }
  sdk::Result<std::vector<Pattern>> included = Parse(include);
  if (!included.ok()) return included.status();
  selector.include_ = *std::move(included);

  std::vector<std::string> excluded_texts;
  if (exclude) {
    excluded_texts = *exclude;
  } else if (std::find(include.begin(), include.end(), kLoopback) == include.end()) {
    excluded_texts = {kLoopback};
  }
  sdk::Result<std::vector<Pattern>> excluded = Parse(excluded_texts);
  if (!excluded.ok()) return excluded.status();
  selector.exclude_ = *std::move(excluded);
  return selector;
}

bool InterfaceSelector::Matches(const std::string& name) const {
  const auto matches = [&](const Pattern& pattern) { return pattern.Matches(name); };
  if (std::any_of(exclude_.begin(), exclude_.end(), matches)) return false;
  return include_.empty() || std::any_of(include_.begin(), include_.end(), matches);
}

bool InterfaceSelector::InRanges(const IpAddr& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const IpPrefix& range) { return range.Contains(address); });
}

bool InterfaceSelector::MatchesByName(const std::string& name) const {
  return Matches(name) &&
         std::any_of(include_.begin(), include_.end(), [&](const Pattern& pattern) {
           return !pattern.regex && pattern.name == name;
         });
}

std::vector<std::string> InterfaceSelector::Names() const {
  std::vector<std::string> names;
  for (const Pattern& pattern : include_) {
    if (!pattern.regex && Matches(pattern.name)) names.push_back(pattern.name);
  }
  return names;
}

}  // namespace weir::ebpf
