// SPDX-License-Identifier: Apache-2.0
// Regular expressions for untrusted texts: linear time, bounded memory, bounded recursion. Only
// this file names the library (RE2), so that the host and the components accept the same
// expressions and report the same errors.
#ifndef WEIR_CORE_REGEX_REGEX_H_
#define WEIR_CORE_REGEX_REGEX_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace weir {

// A compiled expression in the syntax of RE2. Immutable; any thread.
class Regex {
 public:
  // The unit that "." and a class such as [^a] match.
  enum class Unit {
    kCharacter,  // a character of UTF-8; no other byte matches
    kByte,       // any byte, for names that need not be UTF-8
  };

  // Returns nothing for a wrong expression, with the reason in `*error`: "a '[' without ']'".
  static std::optional<Regex> Compile(const std::string& expression, Unit unit, std::string* error);

  // Returns true if all of `text` matches.
  bool MatchesAll(std::string_view text) const;
  // Returns true if some part of `text` matches.
  bool MatchesPart(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> compiled);

  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace weir

#endif  // WEIR_CORE_REGEX_REGEX_H_
