// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/values.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/record/ip_addr.h"
#include "core/record/ip_prefix.h"
#include "core/record/mac_addr.h"
#include "core/record/record.h"
#include "transforms/filter/quoted.h"

namespace weir::transforms {
namespace {

// ::ffff:0:0/96
constexpr AddressRange kV4 = {absl::MakeUint128(0, 0xffff'0000'0000),
                              absl::MakeUint128(0, 0xffff'ffff'ffff)};

// A unit, and the number that it multiplies.
struct NamedUnit {
  std::string_view name;
  uint64_t value;
};

constexpr NamedUnit kCountUnits[] = {
    {"k", 1000}, {"m", 1000 * 1000}, {"g", 1000 * 1000 * 1000}, {"t", 1000'000'000'000}};
constexpr NamedUnit kBytesUnits[] = {{"b", 1},
                                     {"k", 1000},
                                     {"kb", 1000},
                                     {"m", 1000'000},
                                     {"mb", 1000'000},
                                     {"g", 1000'000'000},
                                     {"gb", 1000'000'000},
                                     {"t", 1000'000'000'000},
                                     {"tb", 1000'000'000'000},
                                     {"kib", uint64_t{1} << 10},
                                     {"mib", uint64_t{1} << 20},
                                     {"gib", uint64_t{1} << 30},
                                     {"tib", uint64_t{1} << 40}};
constexpr NamedUnit kTimeUnits[] = {
    {"ns", 1},           {"us", 1000},          {"ms", 1000'000},
    {"s", 1000'000'000}, {"m", 60'000'000'000}, {"h", 3600'000'000'000}};

template <size_t N>
std::optional<uint64_t> Find(const NamedUnit (&names)[N], std::string_view word) {
  for (const NamedUnit& named : names) {
    if (absl::EqualsIgnoreCase(named.name, word)) return named.value;
  }
  return {};
}

std::optional<uint64_t> UnitOf(Unit unit, std::string_view word) {
  switch (unit) {
    case Unit::kNone:
      return {};
    case Unit::kCount:
      return Find(kCountUnits, word);
    case Unit::kBytes:
      return Find(kBytesUnits, word);
    case Unit::kTime:
      return Find(kTimeUnits, word);
  }
  return {};
}

// Parses a number that consists of digits only.
std::optional<uint64_t> WholeNumber(std::string_view digits, int base) {
  uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || read.ec != std::errc() || read.ptr != end) return {};
  return value;
}

// Returns `fraction` of `unit`, such as the "5" of "1.5kB"; none if it is not a whole number.
std::optional<uint64_t> FractionOf(std::string_view fraction, uint64_t unit) {
  constexpr size_t kMaxDigits = 12;
  const std::optional<uint64_t> digits = WholeNumber(fraction, 10);
  if (!digits.has_value() || fraction.size() > kMaxDigits) return {};
  absl::uint128 scaled = absl::uint128(*digits) * unit;
  for (size_t i = 0; i < fraction.size(); ++i) {
    if (scaled % 10 != 0) return {};
    scaled /= 10;
  }
  return absl::Uint128Low64(scaled);
}

// Parses "1500", "0x5dc", "1.5kB" and similar, with the units of the field.
std::optional<uint64_t> NumberOf(const Field& field, std::string_view word) {
  if (absl::StartsWithIgnoreCase(word, "0x")) return WholeNumber(word.substr(2), 16);
  const size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
  const std::optional<uint64_t> whole = WholeNumber(word.substr(0, digits), 10);
  if (!whole.has_value()) return {};
  if (digits == word.size()) {
    const bool needs_unit = field.unit == Unit::kTime && *whole != 0;
    return needs_unit ? std::nullopt : whole;
  }

  std::string_view fraction;
  std::string_view unit_word = word.substr(digits);
  if (unit_word[0] == '.') {
    const size_t end = std::min(word.find_first_not_of("0123456789", digits + 1), word.size());
    fraction = word.substr(digits + 1, end - digits - 1);
    if (fraction.empty()) return {};
    unit_word = word.substr(end);
  }
  const std::optional<uint64_t> unit = UnitOf(field.unit, unit_word);
  if (!unit.has_value()) return {};
  const std::optional<uint64_t> part = fraction.empty() ? 0 : FractionOf(fraction, *unit);
  if (!part.has_value()) return {};
  const absl::uint128 value = absl::uint128(*whole) * *unit + *part;
  if (absl::Uint128High64(value) != 0) return {};
  return absl::Uint128Low64(value);
}

std::optional<uint64_t> NamedOf(const Field& field, std::string_view word) {
  for (size_t i = 0; i < field.name_count; ++i) {
    if (absl::EqualsIgnoreCase(field.names[i].name, word)) return field.names[i].value;
  }
  return NumberOf(field, word);
}

// Parses "02:00:5e:10:00:01" to a number.
std::optional<uint64_t> MacOf(std::string_view word) {
  constexpr size_t kSize = 17;
  if (word.size() != kSize) return {};
  uint64_t value = 0;
  for (size_t i = 0; i < kSize; i += 3) {
    const std::string_view byte = word.substr(i, 2);
    if (i > 0 && word[i - 1] != ':') return {};
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(byte[0]))) return {};
    const std::optional<uint64_t> number = WholeNumber(byte, 16);
    if (!number.has_value()) return {};
    value = value << 8 | *number;
  }
  return value;
}

// Parses a number; for flags also several numbers joined by '+'.
std::optional<uint64_t> OneNumber(const Field& field, std::string_view word) {
  if (field.kind == FieldKind::kMac) return MacOf(word);
  if (!field.is_flags) return NamedOf(field, word);
  uint64_t flags = 0;
  for (const absl::string_view part : absl::StrSplit(word, '+')) {
    const std::optional<uint64_t> flag = NamedOf(field, part);
    if (!flag.has_value()) return {};
    flags |= *flag;
  }
  return flags;
}

std::string Expected(const Field& field, std::string_view word) {
  std::string sentence = absl::StrCat("expected ", field.value, ", found ", Quoted(word));
  if (field.unit == Unit::kTime && WholeNumber(word, 10).has_value()) {
    absl::StrAppend(&sentence, ": it needs a unit (ns, us, ms, s, m or h)");
  }
  return sentence;
}

std::string EmptyRange(std::string_view word) {
  return absl::StrCat("nothing is in ", Quoted(word), ": the smaller end comes first");
}

// Splits "a-b" into its ends; for a single value both are the same. MACs, addresses and names of
// values contain no '-'.
std::pair<std::string_view, std::string_view> Ends(std::string_view word) {
  const size_t dash = word.find('-', 1);
  if (dash == std::string_view::npos) return {word, word};
  return {word.substr(0, dash), word.substr(dash + 1)};
}

bool AddNumber(const Field& field, std::string_view word, Values* values, std::string* why) {
  const auto [from, to] = Ends(word);
  const std::optional<uint64_t> first = OneNumber(field, from);
  const std::optional<uint64_t> last = OneNumber(field, to);
  if (!first.has_value() || !last.has_value()) {
    *why = Expected(field, word);
    return false;
  }
  if (const uint64_t larger = std::max(*first, *last); larger > field.max) {
    *why = absl::StrCat(larger, " is more than ", field.name, " can be, which is ", field.max);
    return false;
  }
  if (*first > *last) {
    *why = EmptyRange(word);
    return false;
  }
  values->numbers.push_back({*first, *last});
  return true;
}

absl::uint128 NumberOf(const IpAddr& address) {
  uint64_t halves[2] = {0, 0};
  for (size_t i = 0; i < address.bytes.size(); ++i) {
    halves[i / 8] = halves[i / 8] << 8 | address.bytes[i];
  }
  return absl::MakeUint128(halves[0], halves[1]);
}

IpAddr AddressOf(absl::uint128 number) {
  IpAddr address{};
  for (size_t i = address.bytes.size(); i-- > 0; number >>= 8) {
    address.bytes[i] = static_cast<uint8_t>(absl::Uint128Low64(number));
  }
  return address;
}

bool IsV4(absl::uint128 number) { return number >= kV4.first && number <= kV4.last; }

std::optional<AddressRange> RangeOf(std::string_view word) {
  const auto [from, to] = Ends(word);
  const bool two = from.size() != word.size();
  if (two && word.find('/') != std::string_view::npos) return {};
  const std::optional<IpPrefix> first = IpPrefix::Parse(from);
  const std::optional<IpPrefix> last = IpPrefix::Parse(to);
  if (!first.has_value() || !last.has_value()) return {};
  if (two) return AddressRange{NumberOf(first->address), NumberOf(last->address)};
  const absl::uint128 start = NumberOf(first->address);
  const absl::uint128 others =
      first->length == 0 ? absl::Uint128Max() : (absl::uint128(1) << (128 - first->length)) - 1;
  return AddressRange{start, start | others};
}

bool AddAddress(const Field& field, std::string_view word, Values* values, std::string* why) {
  const std::optional<AddressRange> range = RangeOf(word);
  if (!range.has_value() || IsV4(range->first) != IsV4(range->last)) {
    *why = Expected(field, word);
    return false;
  }
  if (range->first > range->last) {
    *why = EmptyRange(word);
    return false;
  }
  // As in IpPrefix, a range written as IPv6 contains no IPv4 address.
  if (range->first < kV4.first && range->last > kV4.last) {
    values->addresses.push_back({range->first, kV4.first - 1});
    values->addresses.push_back({kV4.last + 1, range->last});
  } else {
    values->addresses.push_back(*range);
  }
  return true;
}

bool AddPattern(const Field& field, std::string_view word, Values* values, std::string* why) {
  constexpr size_t kMaxBytes = 2 * kMaxInterfaceName;
  if (word.empty() || word.size() > kMaxBytes) {
    *why = word.empty() ? Expected(field, word)
                        : absl::StrCat("the name ", Quoted(word), " has ", word.size(),
                                       " bytes; it may have ", kMaxBytes);
    return false;
  }
  values->patterns.emplace_back(word);
  return true;
}

template <typename Number, typename MayMeet>
void Normalize(std::vector<Range<Number>>* ranges, MayMeet may_meet) {
  std::sort(ranges->begin(), ranges->end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  size_t kept = 0;
  for (const Range<Number>& range : *ranges) {
    Range<Number>* const before = kept == 0 ? nullptr : &(*ranges)[kept - 1];
    // Adjacent numbers are merged too: 80, 81 becomes 80-81.
    if (before != nullptr && may_meet(before->last, range.first) &&
        (range.first <= before->last || range.first - before->last == 1)) {
      before->last = std::max(before->last, range.last);
    } else {
      (*ranges)[kept++] = range;
    }
  }
  ranges->resize(kept);
}

void AppendNumber(const Field& field, uint64_t number, std::string* out) {
  if (field.kind == FieldKind::kMac) {
    MacAddr mac{};
    for (size_t i = mac.bytes.size(); i-- > 0; number >>= 8) {
      mac.bytes[i] = static_cast<uint8_t>(number);
    }
    out->append(mac.String());
  } else {
    absl::StrAppend(out, number, field.unit == Unit::kTime ? "ns" : "");
  }
}

// `append` writes one end of a range.
template <typename Number, typename Append>
void AppendRanges(const std::vector<Range<Number>>& ranges, std::string* out, Append append) {
  for (const Range<Number>& range : ranges) {
    if (!out->empty()) out->append(", ");
    append(range.first);
    if (range.last == range.first) continue;
    out->push_back('-');
    append(range.last);
  }
}

}  // namespace

bool AddValue(const Field& field, std::string_view word, Values* values, std::string* why) {
  switch (field.kind) {
    case FieldKind::kAddress:
      return AddAddress(field, word, values, why);
    case FieldKind::kName:
      return AddPattern(field, word, values, why);
    case FieldKind::kNumber:
    case FieldKind::kMac:
    case FieldKind::kDuration:
    case FieldKind::kBit:
      return AddNumber(field, word, values, why);
  }
  return false;
}

void Normalize(Values* values) {
  Normalize(&values->numbers, [](uint64_t, uint64_t) { return true; });
  Normalize(&values->addresses,
            [](absl::uint128 a, absl::uint128 b) { return IsV4(a) == IsV4(b); });
  std::sort(values->patterns.begin(), values->patterns.end());
  values->patterns.erase(std::unique(values->patterns.begin(), values->patterns.end()),
                         values->patterns.end());
}

std::string ValuesText(const Field& field, const Values& values) {
  std::string text;
  AppendRanges(values.numbers, &text, [&](uint64_t end) { AppendNumber(field, end, &text); });
  AppendRanges(values.addresses, &text,
               [&](absl::uint128 end) { text.append(AddressOf(end).String()); });
  for (const std::string& pattern : values.patterns) {
    // The text was in one kind of quotes, so it does not contain the other kind.
    const char quote = pattern.find('"') == std::string::npos ? '"' : '\'';
    if (!text.empty()) text.append(", ");
    text.push_back(quote);
    text.append(pattern).push_back(quote);
  }
  return text;
}

bool FitsPattern(std::string_view pattern, std::string_view name) {
  size_t in_pattern = 0;
  size_t in_name = 0;
  // The state after the last *, to continue with if the rest does not match.
  size_t behind_star = std::string_view::npos;
  size_t star_end = 0;
  while (in_name < name.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      behind_star = ++in_pattern;
      star_end = in_name;
    } else if (in_pattern < pattern.size() &&
               (pattern[in_pattern] == '?' || pattern[in_pattern] == name[in_name])) {
      ++in_pattern;
      ++in_name;
    } else if (behind_star != std::string_view::npos) {
      in_pattern = behind_star;
      in_name = ++star_end;
    } else {
      return false;
    }
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '*') ++in_pattern;
  return in_pattern == pattern.size();
}

}  // namespace weir::transforms
