// SPDX-License-Identifier: Apache-2.0
// A filter's expression as a flat program that is asked about each record.
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

// One instruction for each test (two, where a field stands for two), each with the place to
// go on at for each of its results; all of them lead forward, so no record takes more steps
// than there are instructions. Immutable: any number of threads.
class Program {
 public:
  explicit Program(const Expression& expression);

  // A test of what was not measured fails, "!=" and "not in" too; "not" in front of a test
  // turns that round. Does not allocate.
  bool Matches(const Record& record) const;

 private:
  // What an instruction compares.
  enum class Kind : uint8_t {
    kInRange,   // a number with one range, which is in the instruction
    kInRanges,  // a number with ranges_[first .. first + count)
    kMask,      // bits of a number
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
    uint32_t first;   // of what it compares with
    uint32_t count;
    uint64_t present;  // bits that the record must have
    uint64_t mask;     // of the number's bytes; of kMask: the bits that are looked at
    uint64_t base;     // kInRange: from here; kMask: what the bits must be
    uint64_t span;     // kInRange: up to base + span
  };

  // Where a branch leads: an instruction, or an end.
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
