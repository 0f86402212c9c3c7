// SPDX-License-Identifier: Apache-2.0
// Which map a program is loaded with.
#ifndef WEIR_SOURCES_EBPF_KERNEL_PROGRAM_MAP_H_
#define WEIR_SOURCES_EBPF_KERNEL_PROGRAM_MAP_H_

namespace weir::ebpf {

// A map that exists, and the name that bpf/ has for it.
struct ProgramMap {
  const char* name;
  int fd;  // not owned
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_PROGRAM_MAP_H_
