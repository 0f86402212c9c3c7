// SPDX-License-Identifier: Apache-2.0
// Encodes records as aligned columns for people.
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

// Columns are wide enough for common values, such as two IPv4 addresses. A longer value widens its
// column for good; no value is cut. Bytes that would disturb a terminal (control characters,
// invalid UTF-8) are written as '?'. If a record was seen at several interfaces, one column lists
// all of them, the record's own interface first; the direction is the one at that interface. One
// thread.
class TableEncoder {
  static constexpr size_t kMaxNamesBytes =
      kMaxInterfaces * sizeof(weir_interface::name) + kMaxInterfaces - 1;
  // All columns other than names, with spaces and the end of the line, take less than 224 bytes.
  static constexpr size_t kMaxLineBytes = 224 + kMaxNamesBytes;

 public:
  // The number of records between two headers.
  static constexpr int kRecordsPerHeader = 40;
  // Room for two lines with columns of the greatest width.
  static constexpr size_t kMaxRecordBytes = 2 * kMaxLineBytes + kScratchBytes;

  // Writes the line of a record, after the header if one is due. Returns the end.
  char* Write(const Record& record, const weir_other_interfaces* others, char* to);

 private:
  static constexpr size_t kColumns = 9;

  char* WriteHeader(char* to) const;
  char* WriteLine(const Record& record, const weir_other_interfaces* others, char* to);
  // Finishes the cell of `column`, which lies in [begin, end) and is `width` characters wide:
  // widens the column if necessary, and pads the cell to its end.
  char* EndLeft(size_t column, size_t width, char* end);
  char* EndLeft(size_t column, const char* begin, char* end);
  // The same for a right-aligned cell, which is not in the line yet.
  char* WriteRight(size_t column, std::string_view cell, char* to);

  // The widths of the columns: enough for "2022-08-23 16:33:22.123", "255.255.255.255:65535" etc.
  std::array<size_t, kColumns> widths_ = {23, 8, 7, 10, 6, 21, 21, 7, 8};
  int until_header_ = 0;
  TimeWriter times_;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_STDOUT_TABLE_ENCODER_H_
