// SPDX-License-Identifier: Apache-2.0
// The settings of the interfaces to measure, and of how programs are attached.
#ifndef WEIR_SOURCES_EBPF_INTERFACES_INTERFACE_SETTINGS_H_
#define WEIR_SOURCES_EBPF_INTERFACES_INTERFACE_SETTINGS_H_

#include <cstdint>
#include <vector>

#include "sources/ebpf/attach/attach_options.h"
#include "sources/ebpf/interfaces/interface_selector.h"

namespace weir::ebpf {

struct InterfaceSettings {
  InterfaceSelector selector;
  std::vector<uint8_t> directions;  // WEIR_DIRECTION_*
  AttachOptions attach;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_INTERFACE_SETTINGS_H_
