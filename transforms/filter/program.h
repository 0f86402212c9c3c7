// SPDX-License-Identifier: Apache-2.0
// A filter expression, compiled to a flat program that is run for each record.
#ifndef WEIR_TRANSFORMS_FILTER_PROGRAM_H_
#define WEIR_TRANSFORMS_FILTER_PROGRAM_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/record/record.h"
#include "transforms/filter/expression.h"
#include "transforms/filter/values.h"

namespace weir::transforms {

// One instruction per test, or two if the field means two fields. Each instruction contains the
// next instruction for each outcome. All jumps lead forward, so a record takes at most as many
// steps as there are instructions. Immutable; any number of threads.
class Program {
 public:
  explicit Program(const Expression& expression);

  // A test of a field that was not measured is false, also "!=" and "not in"; "not" in front of the
  // test inverts that. Does not allocate memory.
  bool Matches(const Record& record) const;

 private:
  // What an instruction compares.
  enum class Kind : uint8_t {
    kInRange,   // a number with one range, which is in the instruction
    kInRanges,  // a number with ranges_[first .. first + count)
    kMask,      // the bits of a number
    kMac,       // like kInRanges
    kDuration,  // like kInRanges
    kAddress,   // addresses_[first .. first + count)
    kName,      // patterns_[first .. first + count)
  };
  enum Outcome : uint8_t { kNo, kYes, kMissing };

  struct Instruction {
    std::array<uint16_t, 3> next;  // by Outcome
    Kind kind;
    uint16_t offset;  // in the record
    uint32_t first;   // index of the first value to compare with
    uint32_t count;
    uint64_t present;  // bits that the record must have
    uint64_t mask;     // the bytes of the number; for kMask the bits to compare
    uint64_t base;     // kInRange: the lower bound; kMask: the value of the bits
    uint64_t span;     // kInRange: the upper bound is base + span
  };

  // The target of a jump: an instruction or a result.
  using Label = uint16_t;
  static constexpr Label kAccept = 0xffff;
  static constexpr Label kReject = 0xfffe;

  class Compiler;

  Outcome Run(const Instruction& instruction, const Record& record) const;
  Outcome InRanges(const Instruction& instruction, uint64_t number) const;
  Outcome Address(const Instruction& instruction, const Record& record) const;
  Outcome Name(const Instruction& instruction, const Record& record) const;

  std::vector<Instruction> instructions_;
  std::vector<NumberRange> ranges_;
  std::vector<AddressRange> addresses_;
  std::vector<std::string> patterns_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_PROGRAM_H_
