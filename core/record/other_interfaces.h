// SPDX-License-Identifier: Apache-2.0
// Where else a record's packets were seen: the block of weir_interfaces.h in the rows of a
// batch.
#ifndef WEIR_CORE_RECORD_OTHER_INTERFACES_H_
#define WEIR_CORE_RECORD_OTHER_INTERFACES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "core/record/record.h"
#include "plugins/abi/weir_interfaces.h"
#include "plugins/abi/weir_plugin.h"

namespace weir {

// Binary contract, as that of the record.
static_assert(std::is_trivially_copyable_v<weir_other_interfaces>);
static_assert(sizeof(weir_interface) == 48 && sizeof(weir_interface::name) == 28);
static_assert(sizeof(weir_other_interfaces) == 8 + 48 * WEIR_MAX_OTHER_INTERFACES);

// The most interfaces that a record can name, its own among them.
inline constexpr size_t kMaxInterfaces = 1 + WEIR_MAX_OTHER_INTERFACES;

// What weir_host.batch_allocate wants to be shown for rows with that block.
inline weir_batch LayoutWithInterfaces() {
  weir_batch layout{};
  layout.struct_size = sizeof(layout);
  layout.record_version = WEIR_RECORD_VERSION;
  layout.stride = sizeof(Record) + sizeof(weir_other_interfaces);
  layout.block_offset[WEIR_BLOCK_INTERFACES] = sizeof(Record);
  return layout;
}

// Of row `i`, null where the batch has no such block. Valid as long as the batch is.
inline const weir_other_interfaces* OtherInterfaces(const weir_batch& batch, uint32_t i) {
  const uint16_t offset = batch.block_offset[WEIR_BLOCK_INTERFACES];
  if (offset == 0) return nullptr;
  return reinterpret_cast<const weir_other_interfaces*>(batch.rows + size_t{i} * batch.stride +
                                                        offset);
}

// How many there are; whoever wrote the row, never more than there is room for.
inline uint32_t CountOf(const weir_other_interfaces& others) {
  return std::min<uint32_t>(others.count, WEIR_MAX_OTHER_INTERFACES);
}

inline std::string_view NameOf(const weir_interface& interface) {
  return {interface.name, strnlen(interface.name, sizeof(interface.name))};
}

// Where `record` was measured.
inline weir_interface InterfaceOf(const Record& record) {
  weir_interface interface {};
  interface.network_namespace = record.network_namespace;
  interface.if_index = record.if_index;
  interface.direction = record.direction;
  std::memcpy(interface.name, record.interface_name, sizeof(interface.name));
  return interface;
}

// Names tell interfaces apart where nothing else is known of them, as behind protobuf.
inline bool IsSameInterface(const weir_interface& a, const weir_interface& b) {
  return a.network_namespace == b.network_namespace && a.if_index == b.if_index &&
         a.direction == b.direction &&
         (a.if_index != 0 || std::memcmp(a.name, b.name, sizeof(a.name)) == 0);
}

// Adds `other` to those of `record`, unless it is its own or there already. False: there is
// no room for it.
inline bool AddInterface(const weir_interface& other, const Record& record,
                         weir_other_interfaces* others) {
  if (IsSameInterface(other, InterfaceOf(record))) return true;
  weir_interface* const end = others->interfaces + CountOf(*others);
  const bool known = std::any_of(
      others->interfaces, end,
      [&other](const weir_interface& interface) { return IsSameInterface(interface, other); });
  if (known) return true;
  if (end == others->interfaces + WEIR_MAX_OTHER_INTERFACES) return false;
  *end = other;
  ++others->count;
  return true;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_OTHER_INTERFACES_H_
