// SPDX-License-Identifier: Apache-2.0
// Writes descriptions of fields (weir_fields.h) at compile time:
//
//   constexpr weir_field kFields[] = {
//       DescribeField("rtt", WEIR_FIELD_DURATION, WEIR_MEMBER(my_block, rtt_ns),
//                     "Round-trip time of the handshake.")
//           .Key("Rtt").Present(MY_HAS_RTT).Unit("ns").Merge(WEIR_MERGE_MIN),
//   };
#ifndef WEIR_CORE_RECORD_FIELDS_DESCRIBE_FIELD_H_
#define WEIR_CORE_RECORD_FIELDS_DESCRIBE_FIELD_H_

#include <cstddef>
#include <cstdint>

#include "plugins/abi/weir_fields.h"

// The offset and the size of a member of a struct.
#define WEIR_MEMBER(type, member) offsetof(type, member), sizeof(type::member)

namespace weir {

// A description that is being written. A value; each function returns it with one thing added. The
// merge rule is FIRST unless Merge sets another one.
class DescribeField {
 public:
  constexpr DescribeField(const char* name, weir_field_type type, size_t offset, size_t size,
                          const char* help) {
    field_.struct_size = sizeof(weir_field);
    field_.name = name;
    field_.type = type;
    field_.offset = static_cast<uint32_t>(offset);
    field_.size = static_cast<uint32_t>(size);
    field_.help = help;
    field_.merge = WEIR_MERGE_FIRST;
  }

  constexpr operator weir_field() const { return field_; }  // NOLINT(google-explicit-constructor)

  // The key in JSON and the column in CSV.
  constexpr DescribeField& Key(const char* key) {
    field_.json_key = key;
    field_.csv_column = key;
    return *this;
  }
  constexpr DescribeField& Present(uint64_t bit) {
    field_.present = bit;
    return *this;
  }
  constexpr DescribeField& Max(uint64_t max) {
    field_.max = max;
    return *this;
  }
  constexpr DescribeField& Either(const char* name) {
    field_.either = name;
    return *this;
  }
  constexpr DescribeField& Unit(const char* unit) {
    field_.unit = unit;
    return *this;
  }
  constexpr DescribeField& Noun(const char* noun) {
    field_.noun = noun;
    return *this;
  }
  constexpr DescribeField& Display(weir_display display) {
    field_.display = display;
    return *this;
  }
  constexpr DescribeField& Merge(weir_merge merge) {
    field_.merge = merge;
    return *this;
  }
  // The values are an enumeration.
  template <size_t N>
  constexpr DescribeField& Names(const weir_value_name (&names)[N]) {
    field_.value_names = names;
    field_.value_name_count = N;
    return Display(WEIR_DISPLAY_NAMES);
  }
  // The bits are flags.
  template <size_t N>
  constexpr DescribeField& Flags(const weir_value_name (&names)[N]) {
    return Names(names).Display(WEIR_DISPLAY_FLAGS);
  }
  // The number in pbflow.Record, or in the part of it that has the number `message`.
  constexpr DescribeField& Protobuf(uint32_t number, uint32_t message = 0) {
    field_.protobuf_number = number;
    field_.protobuf_message = message;
    return *this;
  }
  // An element of IANA's registry, and that of IPv6 flows if it is another.
  constexpr DescribeField& Ipfix(uint16_t element, uint16_t element_v6 = 0) {
    field_.ipfix_element = element;
    field_.ipfix_element_v6 = element_v6;
    return *this;
  }

 private:
  weir_field field_{};
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_DESCRIBE_FIELD_H_
