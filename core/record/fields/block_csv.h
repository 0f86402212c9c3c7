// SPDX-License-Identifier: Apache-2.0
// Writes the fields of any block as columns of a CSV line, from their descriptions alone.
#ifndef WEIR_CORE_RECORD_FIELDS_BLOCK_CSV_H_
#define WEIR_CORE_RECORD_FIELDS_BLOCK_CSV_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/record/csv.h"
#include "core/record/fields/field_text.h"
#include "core/record/fields/field_value.h"
#include "core/record/text.h"
#include "core/record/time_text.h"
#include "plugins/abi/weir_fields.h"

namespace weir {

// Values are those of JSON (block_json.h), without quotes around addresses and times; for texts see
// csv.h. A column is empty if the field was not measured.
//
// One thread. The description of the block must outlive the writer.
class BlockCsvWriter {
 public:
  explicit BlockCsvWriter(const weir_block_spec& block) {
    for (uint32_t i = 0; i < block.field_count; ++i) {
      const weir_field& field = FieldOf(block, i);
      if (field.csv_column == nullptr) continue;
      fields_.push_back(&field);
      columns_ += std::string(",") + field.csv_column;
    }
  }

  // The names of the columns, each after a comma.
  const std::string& columns() const { return columns_; }

  // Returns the room that Write needs for `row`; it writes nothing behind it.
  size_t Room(const BlockRow& row) const {
    size_t room = fields_.size() * (1 + kMaxPlainValueBytes) + kScratchBytes;
    for (const weir_field* field : fields_) {
      if (IsText(*field)) room += 3 * TextOf(*field, row).size() + 3;
    }
    return room;
  }

  // Writes the columns, each after a comma. Returns the end.
  char* Write(const BlockRow& row, char* to) {
    for (const weir_field* field : fields_) {
      *to++ = ',';
      if (!IsMeasured(*field, row)) continue;
      to = IsText(*field) ? WriteCsvName(TextOf(*field, row), to)
                          : WritePlainValue(*field, row, &times_, to);
    }
    return to;
  }

 private:
  std::vector<const weir_field*> fields_;
  std::string columns_;
  TimeWriter times_;
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_BLOCK_CSV_H_
