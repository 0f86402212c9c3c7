// SPDX-License-Identifier: Apache-2.0
// The skeleton, opened and not loaded: that needs no privilege.
#include "bpf/libbpf.h"
#include "gtest/gtest.h"
#include "packet_counter/packet_counter.skel.h"

namespace example {
namespace {

TEST(PacketCounterTest, HasAProgramForEachDirection) {
  packet_counter* const skeleton = packet_counter__open();
  ASSERT_NE(skeleton, nullptr);
  EXPECT_EQ(bpf_program__type(skeleton->progs.count_ingress), BPF_PROG_TYPE_SCHED_CLS);
  EXPECT_EQ(bpf_program__type(skeleton->progs.count_egress), BPF_PROG_TYPE_SCHED_CLS);
  EXPECT_EQ(bpf_map__max_entries(skeleton->maps.packets), 2u);
  packet_counter__destroy(skeleton);
}

}  // namespace
}  // namespace example
