// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/program.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "absl/numeric/int128.h"

namespace weir::transforms {
namespace {

// Each test has at most two instructions, so labels do not reach the two results.
static_assert(2 * kMaxExpressionTests < 0xfffe);

// Numbers are read as eight bytes, whatever their width.
static_assert(offsetof(Record, tcp_flag_pairs) + sizeof(uint64_t) <= sizeof(Record));

uint64_t LittleEndian(const Record& record, size_t offset) {
  uint64_t number;
  std::memcpy(&number, reinterpret_cast<const uint8_t*>(&record) + offset, sizeof(number));
  return number;
}

uint64_t BigEndian(const Record& record, size_t offset) {
  return __builtin_bswap64(LittleEndian(record, offset));
}

template <typename Number>
bool Contains(const Range<Number>* first, size_t count, Number number) {
  constexpr size_t kFew = 8;
  if (count <= kFew) {
    for (const Range<Number>* range = first; range != first + count; ++range) {
      if (number >= range->first && number <= range->last) return true;
    }
    return false;
  }
  const Range<Number>* const behind = std::upper_bound(
      first, first + count, number,
      [](Number value, const Range<Number>& range) { return value < range.first; });
  return behind != first && number <= behind[-1].last;
}

// The all-zero address does not count as missing if the other address is set: IPv6 uses it for
// duplicate address detection.
bool HasAddresses(const Record& record) {
  constexpr size_t kHalf = sizeof(uint64_t);
  return (LittleEndian(record, offsetof(Record, src_addr)) |
          LittleEndian(record, offsetof(Record, src_addr) + kHalf) |
          LittleEndian(record, offsetof(Record, dst_addr)) |
          LittleEndian(record, offsetof(Record, dst_addr) + kHalf)) != 0;
}

}  // namespace

// Writes instructions in the order of the text. The targets of jumps are labels first, because
// their positions are not known yet.
class Program::Compiler {
 public:
  explicit Compiler(Program* program) : program_(program) {}

  void Compile(const Expression& expression) {
    Branch(expression, kAccept, kReject);
    for (Instruction& instruction : program_->instructions_) {
      for (Label& next : instruction.next) {
        if (next != kAccept && next != kReject) next = places_[next];
      }
    }
  }

 private:
  // No deeper than the expression; see kMaxExpressionDepth.
  void Branch(const Expression& expression, Label yes, Label no) {
    switch (expression.kind) {
      case Expression::Kind::kTest:
        return BranchOnTest(expression.test, yes, no);
      case Expression::Kind::kNot:
        return Branch(expression.children.front(), no, yes);
      case Expression::Kind::kAnd:
      case Expression::Kind::kOr:
        break;
    }
    const bool is_and = expression.kind == Expression::Kind::kAnd;
    const size_t last = expression.children.size() - 1;
    for (size_t i = 0; i < last; ++i) {
      const Label next = NewLabel();
      Branch(expression.children[i], is_and ? next : yes, is_and ? no : next);
      Place(next);
    }
    Branch(expression.children[last], yes, no);
  }

  void BranchOnTest(const Test& test, Label yes, Label no) {
    Instruction instruction = InstructionOf(test);
    const bool inverted = test.op == Operator::kNotIn ||
                          test.op == Operator::kAny;  // true if not all of the bits are zero
    const Label hit = inverted ? no : yes;
    const Label miss = inverted ? yes : no;
    if (test.field->second_offset != 0) {  // either field may match
      const Label next = NewLabel();
      instruction.next = {next, hit, no};
      program_->instructions_.push_back(instruction);
      Place(next);
      instruction.offset = test.field->second_offset;
    }
    instruction.next = {miss, hit, no};
    program_->instructions_.push_back(instruction);
  }

  Instruction InstructionOf(const Test& test) {
    const Field& field = *test.field;
    Instruction instruction{};
    instruction.kind = KindOf(test);
    instruction.offset = field.offset;
    instruction.present = field.present;
    instruction.mask = field.mask;
    switch (instruction.kind) {
      case Kind::kInRange: {
        const NumberRange range = test.values.numbers.front();
        // The value 1 of a bit is the bit itself.
        const uint64_t one = field.kind == FieldKind::kBit ? field.mask : 1;
        instruction.base = range.first * one;
        instruction.span = (range.last - range.first) * one;
        break;
      }
      case Kind::kMask:
        instruction.mask = test.values.numbers.front().first;
        instruction.base = test.op == Operator::kAll ? instruction.mask : 0;
        break;
      case Kind::kInRanges:
      case Kind::kMac:
      case Kind::kDuration:
        Append(test.values.numbers, &program_->ranges_, &instruction);
        break;
      case Kind::kAddress:
        Append(test.values.addresses, &program_->addresses_, &instruction);
        break;
      case Kind::kName:
        Append(test.values.patterns, &program_->patterns_, &instruction);
        break;
    }
    return instruction;
  }

  static Kind KindOf(const Test& test) {
    if (test.op == Operator::kAny || test.op == Operator::kAll) return Kind::kMask;
    switch (test.field->kind) {
      case FieldKind::kNumber:
        return test.values.numbers.size() == 1 ? Kind::kInRange : Kind::kInRanges;
      case FieldKind::kBit:  // 0 and 1 are one range
        return Kind::kInRange;
      case FieldKind::kMac:
        return Kind::kMac;
      case FieldKind::kDuration:
        return Kind::kDuration;
      case FieldKind::kAddress:
        return Kind::kAddress;
      case FieldKind::kName:
        return Kind::kName;
    }
    return Kind::kInRanges;
  }

  template <typename Value>
  static void Append(const std::vector<Value>& values, std::vector<Value>* pool,
                     Instruction* instruction) {
    instruction->first = static_cast<uint32_t>(pool->size());
    instruction->count = static_cast<uint32_t>(values.size());
    pool->insert(pool->end(), values.begin(), values.end());
  }

  Label NewLabel() {
    places_.push_back(0);
    return static_cast<Label>(places_.size() - 1);
  }
  // Places `label` at the next instruction.
  void Place(Label label) { places_[label] = static_cast<Label>(program_->instructions_.size()); }

  Program* const program_;
  std::vector<Label> places_;
};

Program::Program(const Expression& expression) { Compiler(this).Compile(expression); }

bool Program::Matches(const Record& record) const {
  Label at = 0;
  do {
    const Instruction& instruction = instructions_[at];
    at = instruction.next[Run(instruction, record)];
  } while (at < kReject);
  return at == kAccept;
}

Program::Outcome Program::Run(const Instruction& instruction, const Record& record) const {
  if ((record.present & instruction.present) != instruction.present) return kMissing;
  switch (instruction.kind) {
    case Kind::kInRange: {
      const uint64_t number = LittleEndian(record, instruction.offset) & instruction.mask;
      return number - instruction.base <= instruction.span ? kYes : kNo;
    }
    case Kind::kInRanges:
      return InRanges(instruction, LittleEndian(record, instruction.offset) & instruction.mask);
    case Kind::kMask: {
      const uint64_t bits = LittleEndian(record, instruction.offset) & instruction.mask;
      return bits == instruction.base ? kYes : kNo;
    }
    case Kind::kMac:
      return InRanges(instruction, BigEndian(record, instruction.offset) >> 16);
    case Kind::kDuration: {
      const std::optional<uint64_t> duration = DurationOf(record);
      return duration.has_value() ? InRanges(instruction, *duration) : kMissing;
    }
    case Kind::kAddress:
      return Address(instruction, record);
    case Kind::kName:
      return Name(instruction, record);
  }
  return kMissing;
}

Program::Outcome Program::InRanges(const Instruction& instruction, uint64_t number) const {
  return Contains(&ranges_[instruction.first], instruction.count, number) ? kYes : kNo;
}

Program::Outcome Program::Address(const Instruction& instruction, const Record& record) const {
  // Without bits in `present`: an address.
  if (instruction.present == 0 && !HasAddresses(record)) return kMissing;
  const absl::uint128 address =
      absl::MakeUint128(BigEndian(record, instruction.offset),
                        BigEndian(record, instruction.offset + sizeof(uint64_t)));
  return Contains(&addresses_[instruction.first], instruction.count, address) ? kYes : kNo;
}

Program::Outcome Program::Name(const Instruction& instruction, const Record& record) const {
  const std::string_view name = InterfaceName(record);
  if (name.empty()) return kMissing;
  for (uint32_t i = 0; i < instruction.count; ++i) {
    if (FitsPattern(patterns_[instruction.first + i], name)) return kYes;
  }
  return kNo;
}

}  // namespace weir::transforms
