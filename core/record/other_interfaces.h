// SPDX-License-Identifier: Apache-2.0
// Reads and makes the feature block of weir_interfaces.h: the other interfaces that saw the packets
// of a record.
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

// Binary contract, like the record.
static_assert(std::is_trivially_copyable_v<weir_other_interfaces>);
static_assert(sizeof(weir_interface) == 48 && sizeof(weir_interface::name) == 28);
static_assert(sizeof(weir_other_interfaces) == 8 + 48 * WEIR_MAX_OTHER_INTERFACES);

// The greatest number of interfaces of a record, with its own.
inline constexpr size_t kMaxInterfaces = 1 + WEIR_MAX_OTHER_INTERFACES;

// Returns a layout (`like` of weir_host.batch_allocate) for rows with this block.
inline weir_batch LayoutWithInterfaces() {
  weir_batch layout{};
  layout.struct_size = sizeof(layout);
  layout.record_version = WEIR_RECORD_VERSION;
  layout.stride = sizeof(Record) + sizeof(weir_other_interfaces);
  layout.block_offset[WEIR_BLOCK_INTERFACES] = sizeof(Record);
  return layout;
}

// Returns the block of row `i`, or null if the batch has none. Valid as long as the batch.
inline const weir_other_interfaces* OtherInterfaces(const weir_batch& batch, uint32_t i) {
  const uint16_t offset = batch.block_offset[WEIR_BLOCK_INTERFACES];
  if (offset == 0) return nullptr;
  return reinterpret_cast<const weir_other_interfaces*>(batch.rows + size_t{i} * batch.stride +
                                                        offset);
}

// Returns the number of interfaces in use. Never more than fit, even if the row was written
// wrongly.
inline uint32_t CountOf(const weir_other_interfaces& others) {
  return std::min<uint32_t>(others.count, WEIR_MAX_OTHER_INTERFACES);
}

inline std::string_view NameOf(const weir_interface& interface) {
  return {interface.name, strnlen(interface.name, sizeof(interface.name))};
}

// Returns the interface where `record` was measured.
inline weir_interface InterfaceOf(const Record& record) {
  weir_interface interface {};
  interface.network_namespace = record.network_namespace;
  interface.if_index = record.if_index;
  interface.direction = record.direction;
  std::memcpy(interface.name, record.interface_name, sizeof(interface.name));
  return interface;
}

// Compares the names only if the index is unknown, as in records that came as protobuf.
inline bool IsSameInterface(const weir_interface& a, const weir_interface& b) {
  return a.network_namespace == b.network_namespace && a.if_index == b.if_index &&
         a.direction == b.direction &&
         (a.if_index != 0 || std::memcmp(a.name, b.name, sizeof(a.name)) == 0);
}

// Adds `other` to `others`, unless it is the interface of `record` or already listed. Returns false
// if there is no room.
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
