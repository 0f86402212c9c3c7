// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/field.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/record/fields/field_value.h"
#include "core/record/fields/record_fields.h"
#include "core/record/record.h"
#include "core/suggestion/suggestion.h"
#include "transforms/filter/quoted.h"

namespace weir::transforms {
namespace {

constexpr ValueName kBooleans[] = {{0, "false", nullptr}, {1, "true", nullptr}};

FieldKind KindOf(const weir_field& field) {
  switch (field.type) {
    case WEIR_FIELD_MAC:
      return FieldKind::kMac;
    case WEIR_FIELD_IP:
      return FieldKind::kAddress;
    case WEIR_FIELD_FIXED_TEXT:
      return FieldKind::kName;
    case WEIR_FIELD_DURATION:
      return FieldKind::kDuration;
    case WEIR_FIELD_BOOL:
      return FieldKind::kBit;
    default:
      return FieldKind::kNumber;
  }
}

Unit UnitOf(const weir_field& field) {
  if (field.type == WEIR_FIELD_DURATION) return Unit::kTime;
  if (field.display == WEIR_DISPLAY_COUNT) return Unit::kCount;
  return field.display == WEIR_DISPLAY_BYTES ? Unit::kBytes : Unit::kNone;
}

std::string_view NounOf(const weir_field& field) {
  if (field.noun != nullptr) return field.noun;
  switch (field.type) {
    case WEIR_FIELD_MAC:
      return "a MAC address, as in 02:00:5e:10:00:01";
    case WEIR_FIELD_IP:
      return "an IP address or a range of them, as in 10.0.0.0/8";
    case WEIR_FIELD_DURATION:
      return "a duration, as in 500ms or 1h";
    case WEIR_FIELD_BOOL:
      return "true or false";
    default:
      return field.display == WEIR_DISPLAY_BYTES ? "a size, as in 1500 or 10MB" : "a number";
  }
}

Field FieldFrom(const weir_field& described) {
  Field field{};
  field.name = described.name;
  field.value = NounOf(described);
  field.kind = KindOf(described);
  field.unit = UnitOf(described);
  field.width = static_cast<uint8_t>(described.size);
  field.is_flags = described.display == WEIR_DISPLAY_FLAGS;
  field.offset = static_cast<uint16_t>(described.offset);
  field.present = described.present;
  field.names = described.value_names;
  field.name_count = described.value_name_count;
  weir_field whole = described;
  whole.max = 0;
  field.mask = MaxOf(whole);
  field.max =
      field.kind == FieldKind::kDuration ? std::numeric_limits<uint64_t>::max() : MaxOf(described);
  return field;
}

// Makes the field of a BOOL without bytes: its value is its bit of weir_record.present.
Field BitFrom(const weir_field& described) {
  Field field = FieldFrom(described);
  field.width = sizeof(Record::present);
  field.offset = offsetof(Record, present);
  field.mask = described.present;
  field.present = 0;
  field.max = 1;
  field.names = kBooleans;
  field.name_count = std::size(kBooleans);
  return field;
}

// Filters do not compare points in time.
bool IsTime(const weir_field& field) {
  return field.type == WEIR_FIELD_WALL_TIME || field.type == WEIR_FIELD_MONO_TIME;
}

// Adds the field, and in front of a pair the name that means either.
void Add(const weir_field& described, std::vector<Field>* fields) {
  if (IsTime(described)) return;
  const Field field = described.size == 0 && described.type == WEIR_FIELD_BOOL
                          ? BitFrom(described)
                          : FieldFrom(described);
  if (described.either != nullptr) {
    const bool is_second =
        fields->size() > 1 && (*fields)[fields->size() - 2].name == described.either;
    if (is_second) {
      (*fields)[fields->size() - 2].second_offset = field.offset;
    } else {
      fields->push_back(field);
      fields->back().name = described.either;
    }
  }
  fields->push_back(field);
}

// In the order of the table.
const std::vector<Field>& Fields() {
  static const auto* const fields = [] {
    auto* const made = new std::vector<Field>;
    for (const weir_field& described : kRecordFields) Add(described, made);
    for (const weir_field& described : kComputedFields) Add(described, made);
    return made;
  }();
  return *fields;
}

// Other names of these fields, for messages: in weir_record, tcpdump, nfdump, Wireshark and the
// reference agent.
struct Alias {
  std::string_view name;
  std::string_view field;
};
constexpr Alias kAliases[] = {
    {"host", "addr"},
    {"net", "addr"},
    {"ip", "addr"},
    {"ipaddr", "addr"},
    {"src", "src_addr"},
    {"srcip", "src_addr"},
    {"dst", "dst_addr"},
    {"dstip", "dst_addr"},
    {"portrange", "port"},
    {"protocol", "proto"},
    {"ipproto", "proto"},
    {"transportprotocol", "proto"},
    {"ethertype", "etype"},
    {"ethprotocol", "etype"},
    {"ether", "mac"},
    {"iface", "interface"},
    {"dev", "interface"},
    {"interfacename", "interface"},
    {"flowdirection", "direction"},
    {"flags", "tcp_flags"},
    {"vlan", "vlan_id"},
    {"netns", "network_namespace"},
    {"samplinginterval", "sampling"},
    {"agent", "agent_ip"},
};

// In lower case, without '_', '.' and '-'.
std::string Folded(std::string_view word) {
  std::string folded = absl::AsciiStrToLower(word);
  folded.erase(std::remove_if(folded.begin(), folded.end(),
                              [](char c) { return c == '_' || c == '.' || c == '-'; }),
               folded.end());
  return folded;
}

}  // namespace

const Field* FindField(std::string_view name) {
  for (const Field& field : Fields()) {
    if (absl::EqualsIgnoreCase(field.name, name)) return &field;
  }
  return nullptr;
}

std::string NoSuchField(std::string_view word) {
  const std::string folded = Folded(word);
  for (const Field& field : Fields()) {
    if (Folded(field.name) == folded) {
      return absl::StrCat("there is no field ", Quoted(word), "; it is written ", field.name);
    }
  }
  for (const Alias& alias : kAliases) {
    if (alias.name == folded) {
      return absl::StrCat("there is no field ", Quoted(word), "; it is called ", alias.field);
    }
  }
  for (const Field& field : Fields()) {
    for (size_t i = 0; i < field.name_count; ++i) {
      if (!absl::EqualsIgnoreCase(field.names[i].name, word)) continue;
      return absl::StrCat("expected a field, found ", Quoted(word),
                          ", which is a value: ", field.name, " == ", field.names[i].name);
    }
  }
  std::vector<std::string> names;
  names.reserve(Fields().size());
  for (const Field& field : Fields()) names.emplace_back(field.name);
  const std::string nearest = DidYouMean(word, names);
  return absl::StrCat(
      "there is no field ", Quoted(word),
      nearest.empty() ? absl::StrCat("; there are ", absl::StrJoin(names, ", ")) : nearest);
}

}  // namespace weir::transforms
