// SPDX-License-Identifier: Apache-2.0
#include "core/record/fields/block_description.h"

#include <cstdint>

#include "absl/status/status.h"
#include "core/record/fields/check_block.h"
#include "core/record/fields/field_value.h"

namespace weir {

absl::StatusOr<std::unique_ptr<const BlockDescription>> BlockDescription::Create(
    const weir_block_spec* block) {
  if (absl::Status status = CheckBlock(block); !status.ok()) return status;
  return std::unique_ptr<const BlockDescription>(new BlockDescription(*block));
}

BlockDescription::BlockDescription(const weir_block_spec& block) : spec_(block) {
  fields_.reserve(block.field_count);
  for (uint32_t i = 0; i < block.field_count; ++i) fields_.push_back(Copy(FieldOf(block, i)));
  spec_.struct_size = sizeof(spec_);
  spec_.name = Copy(block.name);
  spec_.fields = fields_.data();
}

const char* BlockDescription::Copy(const char* text) {
  return text == nullptr ? nullptr : texts_.emplace_back(text).c_str();
}

weir_field BlockDescription::Copy(const weir_field& field) {
  weir_field copy = field;
  copy.struct_size = sizeof(copy);
  for (const char** text : {&copy.name, &copy.either, &copy.json_key, &copy.csv_column, &copy.unit,
                            &copy.noun, &copy.help}) {
    *text = Copy(*text);
  }
  if (field.value_name_count == 0) {
    copy.value_names = nullptr;
    return copy;
  }
  std::vector<weir_value_name>& names =
      value_names_.emplace_back(field.value_names, field.value_names + field.value_name_count);
  for (weir_value_name& name : names) {
    name.name = Copy(name.name);
    name.label = Copy(name.label);
  }
  copy.value_names = names.data();
  return copy;
}

}  // namespace weir
