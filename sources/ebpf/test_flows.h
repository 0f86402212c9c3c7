// SPDX-License-Identifier: Apache-2.0
// Flows as tests collect and compare them.
#ifndef WEIR_SOURCES_EBPF_TEST_FLOWS_H_
#define WEIR_SOURCES_EBPF_TEST_FLOWS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "bpf/flow.h"
#include "sources/ebpf/flow_kernel.h"

// Of a type of the global namespace, so that gtest finds it.
inline bool operator==(const flow_id_t& a, const flow_id_t& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

namespace weir::ebpf {

inline std::string Hex(const flow_id_t& id) {
  std::string text;
  char digits[4];
  for (size_t i = 0; i < sizeof(id); ++i) {
    std::snprintf(digits, sizeof(digits), "%02x ", reinterpret_cast<const uint8_t*>(&id)[i]);
    text += digits;
  }
  return text;
}

struct ById {
  bool operator()(const flow_id_t& a, const flow_id_t& b) const {
    return std::memcmp(&a, &b, sizeof(a)) < 0;
  }
};
using Flows = std::map<flow_id_t, flow_value_t, ById>;

inline void Merge(const flow_id_t& id, const flow_value_t& value, Flows* flows) {
  flow_value_t& sum = (*flows)[id];
  sum.packets += value.packets;
  sum.bytes += value.bytes;
  sum.start_mono_time_ns = value.start_mono_time_ns;
  sum.end_mono_time_ns = value.end_mono_time_ns;
}

// What the retired table of `kernel` holds, added to `flows`.
inline void DrainInto(FlowKernel* kernel, Flows* flows) {
  const sdk::Status drained =
      kernel->Drain([&](const flow_id_t* ids, const flow_value_t* values, size_t count) {
        for (size_t i = 0; i < count; ++i) Merge(ids[i], values[i], flows);
      });
  ASSERT_TRUE(drained.ok()) << drained.message();
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TEST_FLOWS_H_
