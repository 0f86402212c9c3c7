// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/check_expression.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/record/record.h"
#include "transforms/filter/expression.h"
#include "transforms/filter/program.h"
#include "transforms/filter/reference_match.h"

namespace weir::transforms {
namespace {

constexpr int kRecords = 24;

void CollectTests(const Expression& expression, std::vector<const Test*>* tests) {
  if (expression.kind == Expression::Kind::kTest) tests->push_back(&expression.test);
  for (const Expression& child : expression.children) CollectTests(child, tests);
}

// Makes records that are just inside and just outside of the values in an expression.
class RecordMaker {
 public:
  RecordMaker(const Expression& expression, uint32_t seed) : random_(seed) {
    CollectTests(expression, &tests_);
  }

  Record Make() {
    Record record{};
    for (size_t i = 0; i < offsetof(Record, present); ++i) At(&record)[i] = Byte();
    if (Below(4) == 0) std::memset(&record, 0, offsetof(Record, src_mac));
    if (Below(4) == 0) record.start_mono_time_ns = 0;
    for (size_t i = offsetof(Record, network_namespace); i < sizeof(record); ++i) {
      At(&record)[i] = Byte();
    }
    SetInterfaceName(Below(4) == 0 ? "" : "eth0", &record);
    record.present = random_() & 0x3fff;
    // Each record is made for several tests; where they set the same field, the last one counts.
    for (uint32_t i = 0; i < 8; ++i) Meet(*tests_[Below(tests_.size())], &record);
    return record;
  }

 private:
  static uint8_t* At(Record* record) { return reinterpret_cast<uint8_t*>(record); }
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  uint8_t Byte() { return static_cast<uint8_t>(random_()); }

  // Picks one end of one of the ranges, or a neighbour of it.
  template <typename Number>
  Number Pick(const std::vector<Range<Number>>& ranges) {
    const Range<Number>& range = ranges[Below(ranges.size())];
    const Number end = Below(2) == 0 ? range.first : range.last;
    switch (Below(4)) {
      case 0:
        return end - 1;
      case 1:
        return end + 1;
      default:
        return end;
    }
  }

  void Meet(const Test& test, Record* record) {
    const Field& field = *test.field;
    record->present |= Below(4) == 0 ? 0 : field.present;
    const bool second = field.second_offset != 0 && Below(2) == 0;
    uint8_t* const place = At(record) + (second ? field.second_offset : field.offset);
    switch (field.kind) {
      case FieldKind::kNumber: {
        const uint64_t number = Pick(test.values.numbers);
        std::memcpy(place, &number, field.width);
        break;
      }
      case FieldKind::kBit:
        record->present &= ~field.mask;
        if (Pick(test.values.numbers) % 2 == 1) record->present |= field.mask;
        break;
      case FieldKind::kMac: {
        const uint64_t number = __builtin_bswap64(Pick(test.values.numbers) << 16);
        std::memcpy(place, &number, field.width);
        break;
      }
      case FieldKind::kDuration:
        record->start_mono_time_ns = Below(8);
        record->end_mono_time_ns = record->start_mono_time_ns + Pick(test.values.numbers);
        record->start_wall_time_ns = 0;
        record->end_wall_time_ns = static_cast<int64_t>(Pick(test.values.numbers));
        break;
      case FieldKind::kAddress: {
        absl::uint128 number = Pick(test.values.addresses);
        for (size_t i = sizeof(record->src_addr); i-- > 0; number >>= 8) {
          place[i] = static_cast<uint8_t>(absl::Uint128Low64(number));
        }
        break;
      }
      case FieldKind::kName: {
        std::string name = test.values.patterns[Below(test.values.patterns.size())];
        std::replace(name.begin(), name.end(), '?', 'x');
        SetInterfaceName(name, record);
        break;
      }
    }
  }

  std::minstd_rand random_;
  std::vector<const Test*> tests_;
};

}  // namespace

std::string CheckExpression(std::string_view text, Decisions* decisions) {
  sdk::Result<Expression> expression = ParseExpression(text);
  if (!expression.ok()) {
    const std::string& message = expression.status().message();
    const bool shows_place = absl::StrContains(message, "column ") && message.back() == '^';
    if (shows_place || text.size() > kMaxExpressionBytes) return {};
    return absl::StrCat("refused without a place: ", message);
  }
  const std::string own_text = ExpressionText(*expression);
  // Ranges can be longer than the prefixes that they came from.
  if (own_text.size() > kMaxExpressionBytes) return {};
  sdk::Result<Expression> again = ParseExpression(own_text);
  if (!again.ok()) {
    return absl::StrCat("its own text is refused: ", own_text, ": ", again.status().message());
  }
  if (ExpressionText(*again) != own_text) return absl::StrCat("its text changes: ", own_text);

  const Program program(*expression);
  const Program program_again(*again);
  RecordMaker maker(*expression, static_cast<uint32_t>(std::hash<std::string_view>()(text)));
  for (int i = 0; i < kRecords; ++i) {
    const Record record = maker.Make();
    const bool passes = program.Matches(record);
    ++(passes ? decisions->passed : decisions->failed);
    if (passes != ReferenceMatches(*expression, record)) {
      return absl::StrCat("record ", i, passes ? " passes " : " does not pass ", own_text);
    }
    if (passes != program_again.Matches(record)) {
      return absl::StrCat("record ", i, " is another matter for ", own_text);
    }
  }
  return {};
}

}  // namespace weir::transforms
