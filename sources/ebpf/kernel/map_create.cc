// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/kernel/map_create.h"

#include <bpf/bpf.h>

#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/kernel/load_error.h"

namespace weir::ebpf {

sdk::Result<sdk::UniqueFd> CreateMap(const MapShape& shape, const std::string& what) {
  LibbpfOptions<bpf_map_create_opts> options;
  options->map_flags = shape.flags;
  if (shape.inner_fd >= 0) options->inner_map_fd = static_cast<uint32_t>(shape.inner_fd);
  const int fd = bpf_map_create(shape.type, shape.name, shape.key_size, shape.value_size,
                                shape.max_entries, options.get());
  if (fd < 0) return KernelRefusal(what, -fd);
  return sdk::UniqueFd(fd);
}

}  // namespace weir::ebpf
