// SPDX-License-Identifier: Apache-2.0
// Option structs as libbpf requires them: every byte that is not set is zero. libbpf refuses a
// struct with non-zero padding, and C++ guarantees zero padding neither for `{}` nor for a copy
// (clang makes use of that).
#ifndef WEIR_SOURCES_EBPF_KERNEL_LIBBPF_OPTIONS_H_
#define WEIR_SOURCES_EBPF_KERNEL_LIBBPF_OPTIONS_H_

#include <cstring>
#include <type_traits>

namespace weir::ebpf {

// An Options with `sz` set and everything else zero. Cannot be copied or moved.
template <typename Options>
class LibbpfOptions {
 public:
  static_assert(std::is_trivial_v<Options>);

  LibbpfOptions() {
    std::memset(&options_, 0, sizeof(options_));
    options_.sz = sizeof(options_);
  }
  LibbpfOptions(const LibbpfOptions&) = delete;
  LibbpfOptions& operator=(const LibbpfOptions&) = delete;

  Options* operator->() { return &options_; }
  Options* get() { return &options_; }

 private:
  Options options_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_LIBBPF_OPTIONS_H_
