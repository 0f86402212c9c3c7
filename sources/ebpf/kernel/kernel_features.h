// SPDX-License-Identifier: Apache-2.0
// Finds out which features that weir's programs need or use are available in this kernel to this
// process. It tries them with temporary maps and programs of a few bytes.
#ifndef WEIR_SOURCES_EBPF_KERNEL_KERNEL_FEATURES_H_
#define WEIR_SOURCES_EBPF_KERNEL_KERNEL_FEATURES_H_

#include <cstdint>
#include <functional>
#include <string>

namespace weir::ebpf {

enum class Support {
  kUnknown,  // the kernel tells only privileged processes
  kNo,
  kYes,
};

// CAP_* of linux/capability.h, as numbers: headers of the build may be older.
inline constexpr int kCapNetAdmin = 12;
inline constexpr int kCapSysPtrace = 19;
inline constexpr int kCapSysAdmin = 21;
inline constexpr int kCapPerfmon = 38;
inline constexpr int kCapBpf = 39;

struct KernelFeatures {
  std::string release;                  // as in `uname -r`
  uint64_t capabilities = 0;            // effective ones of this thread, bits 1 << CAP_x
  uint64_t available_memory_bytes = 0;  // MemAvailable; 0: unknown

  Support bpf = Support::kUnknown;       // the system call exists
  Support programs = Support::kUnknown;  // for traffic control; kUnknown: not permitted
  Support jit = Support::kUnknown;
  Support btf = Support::kUnknown;

  Support tcx = Support::kUnknown;
  // Tried in a new network namespace, which not every process may create.
  Support clsact = Support::kUnknown;

  Support array_of_maps = Support::kUnknown;
  Support hash = Support::kUnknown;
  Support per_cpu_array = Support::kUnknown;
  Support ring_buffer = Support::kUnknown;
  Support mmapable_array = Support::kUnknown;
  Support compare_and_swap = Support::kUnknown;
  Support batch_operations = Support::kUnknown;

  bool Has(int capability) const { return (capabilities >> capability & 1) != 0; }
};

// Takes milliseconds. Any thread. Touches no interface. Loads the kernel module for clsact if there
// is one, as a start without TCX does.
KernelFeatures ProbeKernel();

// Probes only compare-and-swap. Any thread.
Support ProbeCompareAndSwap();

using KernelProbe = std::function<KernelFeatures()>;

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_KERNEL_FEATURES_H_
