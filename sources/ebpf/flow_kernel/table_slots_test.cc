// SPDX-License-Identifier: Apache-2.0
// The slots of the mapped table, and the entries of a hash map. Needs the privilege to load the
// programs.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/tables/mapped_memory.h"
#include "sources/ebpf/tables/mapped_table.h"
#include "sources/ebpf/tables/table_drain.h"
#include "sources/ebpf/testing/kernel_flows_fixture.h"
#include "sources/ebpf/testing/test_flows.h"

namespace weir::ebpf {
namespace {

// The slots of this process's mapped table, in memory. Other processes may have such tables too.
class SlotsOfTheTable {
 public:
  SlotsOfTheTable() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const int fd = std::stoi(entry.path().filename().string());
      bpf_map_info info{};
      uint32_t size = sizeof(info);
      if (bpf_map_get_info_by_fd(fd, &info, &size) != 0) continue;
      // libbpf holds its own descriptor of the map.
      if (std::string(info.name) != "weir_flows" || info.id == id_) continue;
      EXPECT_EQ(id_, 0u) << "two tables";
      id_ = info.id;
      count_ = info.max_entries;
      int error = 0;
      memory_ = MappedMemory(fd, count_ * sizeof(flow_slot_t), &error);
      EXPECT_EQ(error, 0);
    }
  }
  std::vector<flow_slot_t*> Used() const {
    std::vector<flow_slot_t*> used;
    for (size_t i = 0; i < count_; ++i) {
      flow_slot_t* const slot = static_cast<flow_slot_t*>(memory_.data()) + i;
      if (slot->ports_interface != 0) used.push_back(slot);
    }
    return used;
  }

 private:
  MappedMemory memory_;
  uint32_t id_ = 0;
  size_t count_ = 0;
};

class MappedTableTest : public KernelFlowsTest {};

TEST_P(MappedTableTest, ACountNeverOverflowsItsHalfOfAWord) {
  Load({/*max_flows=*/10, 0, 0});
  if (IsSkipped()) return;
  for (const weir_u64 almost_full : {0x000000107fffffffull, 0x7fffffff00000010ull}) {
    Run(PacketOfFlow(1));
    const SlotsOfTheTable slots;
    ASSERT_EQ(slots.Used().size(), 1u);
    slots.Used()[0]->packets = almost_full;
    slots.Used()[0]->bytes = 1'000'000;
    Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, 3);
    EXPECT_EQ(slots.Used().size(), 2u);
    Flows flows;
    Evict(&flows);
    ASSERT_EQ(flows.size(), 1u);
    const flow_value_t& value = flows.begin()->second;
    EXPECT_EQ(value.packets, (almost_full & 0xffffffff) + 3);
    EXPECT_EQ(value.wire_packets, (almost_full >> 32) + 3);
    EXPECT_EQ(value.bytes, 1'000'000u + 3 * 42);
    EXPECT_EQ(value.details.flags, WEIR_FLOW_HAS_DSCP);
    EXPECT_TRUE(slots.Used().empty());
  }
}

// Simulates another CPU that has claimed the slot but not filled it yet.
TEST_P(MappedTableTest, MakesOneFlowOfTwoSlots) {
  Load({/*max_flows=*/10, 0, 0});
  if (IsSkipped()) return;
  Run(PacketOfFlow(1));
  const SlotsOfTheTable slots;
  ASSERT_EQ(slots.Used().size(), 1u);
  flow_slot_t* const first = slots.Used()[0];
  const weir_u64 published = std::exchange(first->src_mac_protocol, 0);
  Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, 2);
  ASSERT_EQ(slots.Used().size(), 2u);
  first->src_mac_protocol = published;
  Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, 4);
  Run(PacketOfFlow(2));
  ASSERT_EQ(slots.Used().size(), 3u);
  const weir_u64 start = first->start_mono_time_ns;
  Flows flows;
  Evict(&flows);  // checks that each flow comes once
  ASSERT_EQ(flows.size(), 2u);
  EXPECT_EQ(flows.begin()->second.packets, 7u);
  EXPECT_EQ(flows.begin()->second.start_mono_time_ns, start);
}

INSTANTIATE_TEST_SUITE_P(Tiers, MappedTableTest, ::testing::Values(TableTier::kMapped),
                         [](const auto&) { return "Mapped"; });

TEST(MappedTableSlotsTest, AreAPrimeWithRoomToSpare) {
  EXPECT_EQ(SlotsFor(1), 2u);
  EXPECT_EQ(SlotsFor(8), 13u);
  EXPECT_EQ(SlotsFor(100'000), 150'001u);
  EXPECT_GE(SlotsFor(16'777'216), 25'165'824u);
  EXPECT_EQ(SlotsFor(0xffffffff), 0u);
}

TEST(TableDrainTest, DrainsAFullTableByBatchAndSingly) {
  constexpr uint32_t kEntries = 20'000;
  for (const bool single : {false, true}) {
    SCOPED_TRACE(single ? "singly" : "by batch");
    const sdk::UniqueFd table(bpf_map_create(BPF_MAP_TYPE_HASH, "weir_test", sizeof(flow_key_t),
                                             sizeof(flow_value_t), kEntries, nullptr));
    if (table.get() < 0) GTEST_SKIP() << "SKIPPED: cannot create a BPF map: " << strerror(errno);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < kEntries; ++i) {
      flow_key_t key{};
      key.id.if_index = i;
      flow_value_t value{};
      value.packets = i;
      ASSERT_EQ(bpf_map_update_elem(table.get(), &key, &value, BPF_NOEXIST), 0);
      sum += i;
    }
    TableDrain drain(single);
    uint64_t entries = 0;
    uint64_t drained = 0;
    const auto on_flow = [&](const Flow& flow) {
      EXPECT_EQ(flow.id.if_index, flow.value.packets);
      drained += flow.value.packets;
      ++entries;
    };
    for (int again = 0; again < 2; ++again) {
      const sdk::Status status = drain.Drain(table.get(), on_flow);
      ASSERT_TRUE(status.ok()) << status.message();
    }
    EXPECT_EQ(entries, kEntries);
    EXPECT_EQ(drained, sum);
  }
}

}  // namespace
}  // namespace weir::ebpf
