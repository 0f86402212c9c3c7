// SPDX-License-Identifier: Apache-2.0
// Records as aligned columns for people.
#ifndef WEIR_SINKS_STDOUT_TABLE_ENCODER_H_
#define WEIR_SINKS_STDOUT_TABLE_ENCODER_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "core/record/other_interfaces.h"
#include "core/record/record.h"
#include "core/record/text.h"
#include "core/record/time_text.h"

namespace weir::sinks {

// Columns are wide enough for what is common (two IPv4 addresses, say) and widen for
// good when a value needs more: nothing is ever cut. What would disturb a terminal
// (control characters, bytes that are not UTF-8) is written as '?'. Of a record that was seen
// at several interfaces all are in one column, its own first, and the direction is the one at
// that. One thread.
class TableEncoder {
  static constexpr size_t kMaxNamesBytes =
      kMaxInterfaces * sizeof(weir_interface::name) + kMaxInterfaces - 1;
  // The columns beside the names, spaces between and the end take less than 224.
  static constexpr size_t kMaxLineBytes = 224 + kMaxNamesBytes;

 public:
  // The header comes again after this many records.
  static constexpr int kRecordsPerHeader = 40;
  // Two lines, all columns of which are as wide as they can get.
  static constexpr size_t kMaxRecordBytes = 2 * kMaxLineBytes + kScratchBytes;

  // Writes the record's line, and the header in front where it is due. Returns the end.
  char* Write(const Record& record, const weir_other_interfaces* others, char* to);

 private:
  static constexpr size_t kColumns = 9;

  char* WriteHeader(char* to) const;
  char* WriteLine(const Record& record, const weir_other_interfaces* others, char* to);
  // Of a line: the cell of `column` stands from `begin` to `end` and takes `width` columns
  // of a terminal. Widens the column and writes what is between this cell and the next.
  char* EndLeft(size_t column, size_t width, char* end);
  char* EndLeft(size_t column, const char* begin, char* end);
  // The same for a cell that is not in the line yet, and ends where its column does.
  char* WriteRight(size_t column, std::string_view cell, char* to);

  // "2022-08-23 16:33:22.123", "255.255.255.255:65535" and their like.
  std::array<size_t, kColumns> widths_ = {23, 8, 7, 10, 6, 21, 21, 7, 8};
  int until_header_ = 0;
  TimeWriter times_;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_STDOUT_TABLE_ENCODER_H_
