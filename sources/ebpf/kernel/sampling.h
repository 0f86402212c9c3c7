// SPDX-License-Identifier: Apache-2.0
// Converts "one of N packets" into the threshold that the programs compare a random number with.
#ifndef WEIR_SOURCES_EBPF_KERNEL_SAMPLING_H_
#define WEIR_SOURCES_EBPF_KERNEL_SAMPLING_H_

#include <cstdint>

#include "bpf/flow.h"

namespace weir::ebpf {

// 0 and 1: all packets. The threshold is rounded, so the share of packets is wrong by less than
// 2^-32: for one of a thousand, by a ten thousandth of a percent.
inline flow_sampling_t SamplingOf(uint32_t one_of) {
  if (one_of <= 1) return {0, 0};
  const uint64_t all = uint64_t{1} << 32;
  return {one_of, static_cast<uint32_t>((all + one_of / 2) / one_of)};
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_SAMPLING_H_
