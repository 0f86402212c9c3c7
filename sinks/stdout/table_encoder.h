// SPDX-License-Identifier: Apache-2.0
// Records as aligned columns for people.
#ifndef WEIR_SINKS_STDOUT_TABLE_ENCODER_H_
#define WEIR_SINKS_STDOUT_TABLE_ENCODER_H_

#include <array>
#include <cstddef>
#include <string>

#include "core/record/record.h"
#include "sinks/stdout/encoder.h"

namespace weir::sinks {

// Columns are wide enough for what is common (two IPv4 addresses, say) and widen for
// good when a value needs more: nothing is ever cut. What would disturb a terminal
// (control characters, bytes that are not UTF-8) is written as '?'. One thread.
class TableEncoder : public Encoder {
 public:
  // The header comes again after this many records.
  static constexpr int kRecordsPerHeader = 40;

  void Append(const Record& record, std::string* out) override;

 private:
  static constexpr size_t kColumns = 9;
  using Cells = std::array<std::string, kColumns>;

  static Cells CellsOf(const Record& record);
  void AppendLine(const Cells& cells, std::string* out);

  // "2022-08-23 16:33:22.123", "255.255.255.255:65535" and their like.
  std::array<size_t, kColumns> widths_ = {23, 8, 7, 10, 6, 21, 21, 7, 8};
  int until_header_ = 0;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_STDOUT_TABLE_ENCODER_H_
