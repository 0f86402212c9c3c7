// SPDX-License-Identifier: Apache-2.0
// Writes the fields of any block as members of a JSON object, from their descriptions alone.
#ifndef WEIR_CORE_RECORD_FIELDS_BLOCK_JSON_H_
#define WEIR_CORE_RECORD_FIELDS_BLOCK_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/record/fields/field_text.h"
#include "core/record/fields/field_value.h"
#include "core/record/json.h"
#include "core/record/text.h"
#include "core/record/time_text.h"
#include "plugins/abi/weir_fields.h"

namespace weir {

// Numbers are plain numbers, also those with names; bool is `true` or `false`, and true without
// bytes; addresses, texts and wall times are strings. A field that was not measured is left out.
//
// One thread. The description of the block must outlive the writer.
class BlockJsonWriter {
 public:
  explicit BlockJsonWriter(const weir_block_spec& block) {
    for (uint32_t i = 0; i < block.field_count; ++i) {
      const weir_field& field = FieldOf(block, i);
      if (field.json_key == nullptr) continue;
      members_.push_back({&field, std::string(",\"") + field.json_key + "\":"});
      fixed_bytes_ += members_.back().key.size() + kMaxPlainValueBytes + 2;
    }
  }

  // Returns the room that Write needs for `row`; it writes nothing behind it.
  size_t Room(const BlockRow& row) const {
    size_t room = fixed_bytes_ + kScratchBytes;
    for (const Member& member : members_) {
      if (IsText(*member.field)) room += MaxJsonStringBytes(TextOf(*member.field, row).size());
    }
    return room;
  }

  // Writes the members, each after a comma. Returns the end.
  char* Write(const BlockRow& row, char* to) {
    for (const Member& member : members_) {
      const weir_field& field = *member.field;
      if (!IsMeasured(field, row)) continue;
      to = WriteText(member.key, to);
      if (IsText(field)) {
        to = WriteJsonString(TextOf(field, row), to);
      } else if (IsNumber(field) || field.type == WEIR_FIELD_BOOL) {
        to = WritePlainValue(field, row, &times_, to);
      } else {
        *to++ = '"';
        to = WritePlainValue(field, row, &times_, to);
        *to++ = '"';
      }
    }
    return to;
  }

 private:
  struct Member {
    const weir_field* field;
    std::string key;  // with its comma, quotes and colon
  };

  std::vector<Member> members_;
  size_t fixed_bytes_ = 0;
  TimeWriter times_;
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_BLOCK_JSON_H_
