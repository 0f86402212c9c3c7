// SPDX-License-Identifier: Apache-2.0
//
// In place of RE2's generated tables (perl_groups.cc, unicode_casefold.cc, unicode_groups.cc),
// which Debian's archive lacks: classes and case folding of ASCII. The table of Unicode classes
// has only the names that RE2 looks up itself, with their part of ASCII; core/regex refuses
// expressions that name one.
#include <iterator>

#include "re2/unicode_casefold.h"
#include "re2/unicode_groups.h"

namespace re2 {
namespace {

constexpr URange16 kAlnum[] = {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}};
constexpr URange16 kAlpha[] = {{'A', 'Z'}, {'a', 'z'}};
constexpr URange16 kAscii[] = {{0, 0x7f}};
constexpr URange16 kBlank[] = {{'\t', '\t'}, {' ', ' '}};
constexpr URange16 kControl[] = {{0, 0x1f}, {0x7f, 0x7f}};
constexpr URange16 kDigit[] = {{'0', '9'}};
constexpr URange16 kGraph[] = {{'!', '~'}};
constexpr URange16 kLower[] = {{'a', 'z'}};
constexpr URange16 kPrint[] = {{' ', '~'}};
constexpr URange16 kPunct[] = {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
// Of Perl: without the vertical tab.
constexpr URange16 kPerlSpace[] = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
constexpr URange16 kSpace[] = {{'\t', '\r'}, {' ', ' '}};
constexpr URange16 kUnderscore[] = {{'_', '_'}};
constexpr URange16 kUpper[] = {{'A', 'Z'}};
constexpr URange16 kWord[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
constexpr URange16 kHex[] = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};

template <int kSize>
constexpr UGroup Group(const char* name, int sign, const URange16 (&ranges)[kSize]) {
  return {name, sign, ranges, kSize, nullptr, 0};
}

constexpr UGroup Empty(const char* name) { return {name, +1, nullptr, 0, nullptr, 0}; }

}  // namespace

const UGroup perl_groups[] = {
    Group("\\d", +1, kDigit),     Group("\\D", -1, kDigit), Group("\\s", +1, kPerlSpace),
    Group("\\S", -1, kPerlSpace), Group("\\w", +1, kWord),  Group("\\W", -1, kWord),
};
const int num_perl_groups = std::size(perl_groups);

const UGroup posix_groups[] = {
    Group("[:alnum:]", +1, kAlnum),   Group("[:^alnum:]", -1, kAlnum),
    Group("[:alpha:]", +1, kAlpha),   Group("[:^alpha:]", -1, kAlpha),
    Group("[:ascii:]", +1, kAscii),   Group("[:^ascii:]", -1, kAscii),
    Group("[:blank:]", +1, kBlank),   Group("[:^blank:]", -1, kBlank),
    Group("[:cntrl:]", +1, kControl), Group("[:^cntrl:]", -1, kControl),
    Group("[:digit:]", +1, kDigit),   Group("[:^digit:]", -1, kDigit),
    Group("[:graph:]", +1, kGraph),   Group("[:^graph:]", -1, kGraph),
    Group("[:lower:]", +1, kLower),   Group("[:^lower:]", -1, kLower),
    Group("[:print:]", +1, kPrint),   Group("[:^print:]", -1, kPrint),
    Group("[:punct:]", +1, kPunct),   Group("[:^punct:]", -1, kPunct),
    Group("[:space:]", +1, kSpace),   Group("[:^space:]", -1, kSpace),
    Group("[:upper:]", +1, kUpper),   Group("[:^upper:]", -1, kUpper),
    Group("[:word:]", +1, kWord),     Group("[:^word:]", -1, kWord),
    Group("[:xdigit:]", +1, kHex),    Group("[:^xdigit:]", -1, kHex),
};
const int num_posix_groups = std::size(posix_groups);

// What the name of a group may consist of.
const UGroup unicode_groups[] = {
    Group("Lu", +1, kUpper),
    Group("Ll", +1, kLower),
    Empty("Lt"),
    Empty("Lm"),
    Empty("Lo"),
    Empty("Nl"),
    Empty("Mn"),
    Empty("Mc"),
    Group("Nd", +1, kDigit),
    Group("Pc", +1, kUnderscore),
};
const int num_unicode_groups = std::size(unicode_groups);

const CaseFold unicode_casefold[] = {{'A', 'Z', 'a' - 'A'}, {'a', 'z', 'A' - 'a'}};
const int num_unicode_casefold = std::size(unicode_casefold);

const CaseFold unicode_tolower[] = {{'A', 'Z', 'a' - 'A'}};
const int num_unicode_tolower = std::size(unicode_tolower);

}  // namespace re2
