// SPDX-License-Identifier: Apache-2.0
// Regular expressions that are safe on input from outside: time linear in the text, memory
// bounded, no recursion by length. The one place that names the library (RE2), so that the
// host and the components accept the same expressions and report the same errors.
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
  // What "." and a class such as [^a] match.
  enum class Unit {
    kCharacter,  // a character of UTF-8; other bytes match nothing
    kByte,       // any byte, for names that need not be UTF-8
  };

  // Without a value `*error` tells why, as the end of a sentence: "a '[' without ']'".
  static std::optional<Regex> Compile(const std::string& expression, Unit unit, std::string* error);

  // Whether all of `text` matches.
  bool MatchesAll(std::string_view text) const;
  // Whether some part of `text` matches.
  bool MatchesPart(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> compiled);

  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace weir

#endif  // WEIR_CORE_REGEX_REGEX_H_
