// SPDX-License-Identifier: Apache-2.0
#include "core/record/fields/check_block.h"

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/record/fields/check_field.h"
#include "core/record/fields/field_value.h"
#include "core/record/fields/record_fields.h"

namespace weir {
namespace {

constexpr uint32_t kWord = sizeof(uint64_t);
constexpr uint32_t kMaxFieldStructSize = 4096;

absl::Status Wrong(std::string_view block, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("block ", block, ": ", why));
}

// Returns the name of the block for messages; it may not have been checked.
std::string NameOf(const weir_block_spec& block, bool is_checked) {
  return is_checked ? absl::StrCat("'", block.name, "'") : "of a plugin";
}

// Returns what is wrong with a name such as "weir.rtt".
std::string CheckBlockName(const char* name) {
  constexpr char kForm[] =
      "its name must have two or more words of lower-case letters, digits and '_', with dots "
      "between them";
  if (name == nullptr) return "its name is missing";
  if (strnlen(name, WEIR_MAX_FIELD_NAME_BYTES + 1) > WEIR_MAX_FIELD_NAME_BYTES) {
    return absl::StrCat("its name has more than ", WEIR_MAX_FIELD_NAME_BYTES, " bytes");
  }
  std::string_view rest = name;
  size_t words = 0;
  while (true) {
    const size_t dot = rest.find('.');
    if (!CheckWord(std::string(rest.substr(0, dot)).c_str()).empty()) return kForm;
    ++words;
    if (dot == std::string_view::npos) return words < 2 ? kForm : "";
    rest.remove_prefix(dot + 1);
  }
}

std::string CheckLayout(const weir_block_spec& block) {
  if (block.version == 0) return "its version must be 1 or more";
  if (block.reserved != 0) return "a reserved member is not 0";
  if (block.size == 0 || block.size % kWord != 0 || block.size > WEIR_MAX_BLOCK_BYTES) {
    return absl::StrCat("its size is ", block.size, "; it must be a multiple of 8 and at most ",
                        WEIR_MAX_BLOCK_BYTES);
  }
  if (block.present_offset != WEIR_NO_PRESENT_WORD &&
      (block.present_offset % kWord != 0 || block.present_offset > block.size - kWord)) {
    return absl::StrCat("its present_offset is ", block.present_offset,
                        "; it must be a multiple of 8 within the block");
  }
  if (block.field_count == 0 || block.field_count > WEIR_MAX_BLOCK_FIELDS) {
    return absl::StrCat("it has ", block.field_count, " fields; it must have 1 to ",
                        WEIR_MAX_BLOCK_FIELDS);
  }
  if (block.fields == nullptr) return "its fields are missing";
  if (reinterpret_cast<uintptr_t>(block.fields) % alignof(weir_field) != 0) {
    return "its fields are not aligned";
  }
  const uint32_t size = block.fields->struct_size;
  if (size < sizeof(weir_field) || size % alignof(weir_field) != 0 || size > kMaxFieldStructSize) {
    return absl::StrCat("its fields have the struct_size ", size);
  }
  return {};
}

// Marks the bytes [offset, offset + size), which lie within the block. Returns false if one of them
// is marked already.
bool Mark(uint32_t offset, uint32_t size, std::bitset<WEIR_MAX_BLOCK_BYTES>* bytes) {
  for (uint32_t i = offset; i < offset + size; ++i) {
    if (bytes->test(i)) return false;
    bytes->set(i);
  }
  return true;
}

// Names that fields use.
struct UsedNames {
  std::set<std::string_view> names;
  std::set<std::string_view> keys;
  std::set<std::string_view> columns;
};

// Adds the names of `field`, but not `either`, which two fields of a block share.
void AddNames(const weir_field& field, UsedNames* used) {
  used->names.insert(field.name);
  if (field.json_key != nullptr) used->keys.insert(field.json_key);
  if (field.csv_column != nullptr) used->columns.insert(field.csv_column);
}

void AddAllNames(const weir_field& field, UsedNames* used) {
  AddNames(field, used);
  if (field.either != nullptr) used->names.insert(field.either);
}

// Returns a name of `field` that is used already, or an empty one.
std::string_view Conflict(const weir_field& field, const UsedNames& used) {
  const auto is_in = [](const char* name, const std::set<std::string_view>& names) {
    return name != nullptr && names.count(name) != 0;
  };
  if (is_in(field.name, used.names)) return field.name;
  if (is_in(field.either, used.names)) return field.either;
  if (is_in(field.json_key, used.keys)) return field.json_key;
  if (is_in(field.csv_column, used.columns)) return field.csv_column;
  return {};
}

// Returns the names of the record, and of what the filter or a batch adds to it.
UsedNames NamesOfRecord() {
  UsedNames used;
  for (const weir_field& field : kRecordFields) AddAllNames(field, &used);
  for (const weir_field& field : kComputedFields) AddAllNames(field, &used);
  for (const weir_field& field : kListFields) AddAllNames(field, &used);
  return used;
}

// Checks the names `either`, each of which belongs to two fields, one after the other.
std::string CheckPairs(const weir_block_spec& block, UsedNames* used) {
  for (uint32_t i = 0; i < block.field_count; ++i) {
    const weir_field& first = FieldOf(block, i);
    if (first.either == nullptr) continue;
    const std::string_view either = first.either;
    const weir_field* const second = i + 1 < block.field_count ? &FieldOf(block, i + 1) : nullptr;
    if (second == nullptr || second->either == nullptr || second->either != either ||
        second->type != first.type || second->size != first.size ||
        second->present != first.present) {
      return absl::StrCat("field '", first.name, "': '", either,
                          "' must belong to two fields of one type, one after the other");
    }
    if (!used->names.insert(either).second) return absl::StrCat("'", either, "' occurs twice");
    ++i;
  }
  return {};
}

std::string CheckAllFields(const weir_block_spec& block) {
  std::bitset<WEIR_MAX_BLOCK_BYTES> bytes;
  if (block.present_offset != WEIR_NO_PRESENT_WORD) Mark(block.present_offset, kWord, &bytes);
  UsedNames used;
  for (uint32_t i = 0; i < block.field_count; ++i) {
    const weir_field& field = FieldOf(block, i);
    if (field.struct_size != block.fields->struct_size) {
      return absl::StrCat("field ", i, ": its struct_size differs from that of the first");
    }
    if (std::string wrong = CheckFieldName(field); !wrong.empty()) {
      return absl::StrCat("field ", i, ": ", wrong);
    }
    std::string wrong = CheckField(field, block);
    if (wrong.empty() && field.reserved != 0) wrong = "a reserved member is not 0";
    if (wrong.empty() && !Mark(field.offset, field.size, &bytes)) {
      wrong = "overlaps another field or the word `present`";
    }
    const std::string_view twice = Conflict(field, used);
    if (wrong.empty() && !twice.empty()) wrong = absl::StrCat("'", twice, "' occurs twice");
    if (!wrong.empty()) return absl::StrCat("field '", field.name, "': ", wrong);
    AddNames(field, &used);
  }
  return CheckPairs(block, &used);
}

std::string CheckLayoutAndFields(const weir_block_spec& block) {
  std::string wrong = CheckLayout(block);
  return wrong.empty() ? CheckAllFields(block) : wrong;
}

}  // namespace

absl::Status CheckFields(const weir_block_spec& block) {
  const std::string wrong = CheckLayoutAndFields(block);
  return wrong.empty() ? absl::OkStatus() : Wrong(NameOf(block, true), wrong);
}

absl::Status CheckBlock(const weir_block_spec* block) {
  if (block == nullptr) return Wrong("of a plugin", "it is missing");
  if (block->struct_size < sizeof(weir_block_spec)) {
    return Wrong("of a plugin", absl::StrCat("its struct_size is ", block->struct_size));
  }
  if (std::string wrong = CheckBlockName(block->name); !wrong.empty()) {
    return Wrong(NameOf(*block, false), wrong);
  }
  std::string wrong = CheckLayoutAndFields(*block);
  const UsedNames of_record = NamesOfRecord();
  for (uint32_t i = 0; wrong.empty() && i < block->field_count; ++i) {
    const weir_field& field = FieldOf(*block, i);
    const std::string_view twice = Conflict(field, of_record);
    if (field.merge == WEIR_MERGE_KEY) wrong = "a field of a block cannot be a key";
    if (!twice.empty()) wrong = absl::StrCat("'", twice, "' is a name of the record");
    if (!wrong.empty()) wrong = absl::StrCat("field '", field.name, "': ", wrong);
  }
  return wrong.empty() ? absl::OkStatus() : Wrong(NameOf(*block, true), wrong);
}

absl::Status CheckNoConflict(const weir_block_spec& block, const weir_block_spec& other) {
  UsedNames used;
  for (uint32_t i = 0; i < other.field_count; ++i) AddAllNames(FieldOf(other, i), &used);
  for (uint32_t i = 0; i < block.field_count; ++i) {
    const weir_field& field = FieldOf(block, i);
    const std::string_view twice = Conflict(field, used);
    if (twice.empty()) continue;
    return absl::AlreadyExistsError(absl::StrCat("block '", block.name, "': field '", field.name,
                                                 "': '", twice, "' is a name of block '",
                                                 other.name, "'"));
  }
  return absl::OkStatus();
}

}  // namespace weir
