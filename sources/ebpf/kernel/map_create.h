// SPDX-License-Identifier: Apache-2.0
// Creates the kernel maps that programs and user space share.
#ifndef WEIR_SOURCES_EBPF_KERNEL_MAP_CREATE_H_
#define WEIR_SOURCES_EBPF_KERNEL_MAP_CREATE_H_

#include <linux/bpf.h>

#include <cstdint>
#include <string>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

// The properties of a map to create. Sizes are in bytes.
struct MapShape {
  const char* name;  // in bpftool and as a pin; at most 15 characters
  bpf_map_type type;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t max_entries;
  uint32_t flags = 0;
  int inner_fd = -1;  // for an array of maps: a map like its elements
};

// `what` names the purpose of the map, with the name of the setting. An error contains the kernel's
// error text.
sdk::Result<sdk::UniqueFd> CreateMap(const MapShape& shape, const std::string& what);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_MAP_CREATE_H_
