// SPDX-License-Identifier: Apache-2.0
// Structs of options as libbpf wants them: every byte zero that was not set. libbpf
// refuses one with anything in its padding, and C++ promises neither of `{}` nor of a
// copy that padding is zero (clang makes use of that).
#ifndef WEIR_SOURCES_EBPF_KERNEL_LIBBPF_OPTIONS_H_
#define WEIR_SOURCES_EBPF_KERNEL_LIBBPF_OPTIONS_H_

#include <cstring>
#include <type_traits>

namespace weir::ebpf {

// An Options whose `sz` is set and all else zero. Stays where it was made.
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
