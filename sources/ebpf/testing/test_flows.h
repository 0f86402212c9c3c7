// SPDX-License-Identifier: Apache-2.0
// Helpers of tests to collect and compare flows.
#ifndef WEIR_SOURCES_EBPF_TESTING_TEST_FLOWS_H_
#define WEIR_SOURCES_EBPF_TESTING_TEST_FLOWS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "bpf/flow.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "sources/ebpf/tables/flow.h"

// In the global namespace, like its type, so that gtest finds it.
inline bool operator==(const flow_id_t& a, const flow_id_t& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

namespace weir::ebpf {

template <typename Packed>
std::string Hex(const Packed& bytes) {
  std::string text;
  char digits[4];
  for (size_t i = 0; i < sizeof(bytes); ++i) {
    std::snprintf(digits, sizeof(digits), "%02x ", reinterpret_cast<const uint8_t*>(&bytes)[i]);
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

inline void Merge(const Flow& flow, Flows* flows) {
  flow_value_t& sum = (*flows)[flow.id];
  const uint64_t packets = sum.packets + flow.value.packets;
  const uint64_t wire_packets = sum.wire_packets + flow.value.wire_packets;
  const uint64_t bytes = sum.bytes + flow.value.bytes;
  const uint64_t more_wire_bytes = sum.more_wire_bytes + flow.value.more_wire_bytes;
  sum = flow.value;
  sum.packets = packets;
  sum.wire_packets = wire_packets;
  sum.bytes = bytes;
  sum.more_wire_bytes = more_wire_bytes;
}

// Adds the flows of the retired table of `kernel` to `flows`. Each flow must come once.
inline void DrainInto(FlowKernel* kernel, Flows* flows) {
  Flows drained;
  const sdk::Status status = kernel->Drain([&](const Flow& flow) {
    EXPECT_EQ(drained.count(flow.id), 0u) << "twice: " << Hex(flow.id);
    Merge(flow, &drained);
  });
  ASSERT_TRUE(status.ok()) << status.message();
  for (const auto& [id, value] : drained) Merge({id, value}, flows);
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_TEST_FLOWS_H_
