// SPDX-License-Identifier: Apache-2.0
// Makes the maps of the kernel that programs and user space have in common.
#ifndef WEIR_SOURCES_EBPF_KERNEL_MAP_CREATE_H_
#define WEIR_SOURCES_EBPF_KERNEL_MAP_CREATE_H_

#include <linux/bpf.h>

#include <cstdint>
#include <string>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

// What a map is to be; sizes in bytes.
struct MapShape {
  const char* name;  // as bpftool shows it and as it is pinned, 15 characters at most
  bpf_map_type type;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t max_entries;
  uint32_t flags = 0;
  int inner_fd = -1;  // of an array of maps: one like those that will be in it
};

// `what` says what it is for, with the name of the setting. Fails with the kernel's words.
sdk::Result<sdk::UniqueFd> CreateMap(const MapShape& shape, const std::string& what);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_MAP_CREATE_H_
