// SPDX-License-Identifier: Apache-2.0
// A map to load a program with.
#ifndef WEIR_SOURCES_EBPF_KERNEL_PROGRAM_MAP_H_
#define WEIR_SOURCES_EBPF_KERNEL_PROGRAM_MAP_H_

namespace weir::ebpf {

// An existing map and its name in bpf/.
struct ProgramMap {
  const char* name;
  int fd;  // not owned
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_PROGRAM_MAP_H_
