// SPDX-License-Identifier: Apache-2.0
// The programs in the kernel, run on packets without any interface
// (BPF_PROG_TEST_RUN). Needs the privilege to load them.
#include "sources/ebpf/kernel_flows.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <net/if_arp.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bpf/testing/test_packets.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/libbpf_options.h"
#include "sources/ebpf/table_drain.h"
#include "sources/ebpf/test_flows.h"

namespace weir::ebpf {
namespace {

constexpr uint32_t kLoopbackIndex = 1;  // where test runs say they are

class KernelFlowsTest : public ::testing::Test {
 protected:
  // Skips the test where the programs cannot be loaded for want of a privilege.
  void Load(const KernelOptions& options) {
    sdk::Result<std::unique_ptr<KernelFlows>> loaded =
        KernelFlows::Load(options, host_.MakeStage());
    if (loaded.status().code() == WEIR_PERMISSION_DENIED ||
        loaded.status().code() == WEIR_UNIMPLEMENTED) {
      GTEST_SKIP() << "SKIPPED: " << loaded.status().message();
    }
    ASSERT_TRUE(loaded.ok()) << loaded.status().message() << "\n"
                             << (host_.log().empty() ? "" : host_.log().back().message);
    kernel_ = *std::move(loaded);
  }

  // Runs a program `times` on a packet.
  void Run(const Bytes& packet, uint8_t direction = WEIR_DIRECTION_INGRESS, int times = 1) {
    LibbpfOptions<bpf_test_run_opts> options;
    options->data_in = packet.data();
    options->data_size_in = static_cast<uint32_t>(packet.size());
    options->repeat = times;
    const int error =
        -bpf_prog_test_run_opts(kernel_->ProgramFd(ARPHRD_ETHER, direction), options.get());
    ASSERT_EQ(error, 0) << std::strerror(error);
    EXPECT_EQ(static_cast<int32_t>(options->retval), -1) << "TCX_NEXT";
  }

  void Evict(Flows* flows) {
    ASSERT_TRUE(kernel_->Flip().ok());
    DrainInto(kernel_.get(), flows);
  }
  flow_counters_t Counters() {
    sdk::Result<flow_counters_t> counters = kernel_->Counters();
    EXPECT_TRUE(counters.ok()) << counters.status().message();
    return *counters;
  }
  static void ExpectLaw(const flow_counters_t& counters) {
    EXPECT_EQ(counters.packets,
              counters.table_packets + counters.ringbuf_packets + counters.dropped_packets);
  }

  sdk::testing::FakeHost host_;
  std::unique_ptr<KernelFlows> kernel_;
};

TEST_F(KernelFlowsTest, CountsEachPacketUnderItsFlow) {
  Load({/*max_flows=*/1000, 0, 0});
  if (IsSkipped()) return;
  flow_counters_t before{};
  for (const uint8_t direction : {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS}) {
    for (const TestPacket& packet : AllPackets()) {
      SCOPED_TRACE(packet.name);
      Run(packet.bytes, direction, 3);
      Flows flows;
      Evict(&flows);
      ASSERT_EQ(flows.size(), 1u);
      flow_id_t expected = packet.id;
      expected.direction = direction;
      expected.if_index = kLoopbackIndex;
      EXPECT_EQ(Hex(flows.begin()->first), Hex(expected));
      const flow_value_t& value = flows.begin()->second;
      EXPECT_EQ(value.packets, 3u);
      EXPECT_EQ(value.bytes, 3 * packet.bytes.size());
      EXPECT_GT(value.start_mono_time_ns, 0u);
      EXPECT_GT(value.end_mono_time_ns, value.start_mono_time_ns);
      const flow_counters_t after = Counters();
      EXPECT_EQ(after.packets - before.packets, 3u);
      EXPECT_EQ(after.bytes - before.bytes, 3 * packet.bytes.size());
      EXPECT_EQ(after.fragments - before.fragments, packet.fragment ? 3u : 0u);
      EXPECT_EQ(after.truncated - before.truncated, packet.truncated ? 3u : 0u);
      before = after;
    }
  }
  ExpectLaw(before);
  EXPECT_EQ(before.table_packets, before.packets);
}

Bytes PacketOfFlow(uint16_t src_port) {
  Bytes packet = Ethernet({0x0800}) + Ipv4(17, 8) + Transport(8);
  packet[34] = static_cast<uint8_t>(src_port >> 8);
  packet[35] = static_cast<uint8_t>(src_port);
  return packet;
}

TEST_F(KernelFlowsTest, PacketsWithoutRoomGoToTheRingAndThenAreCountedAsDropped) {
  constexpr uint32_t kFlows = 8;
  constexpr int kPackets = 50;
  constexpr int kPacketsEach = 3;
  Load({kFlows, 0, /*ring_bytes=*/1});  // rounded up to a page: 42 packets of 96 bytes
  if (IsSkipped()) return;
  for (uint16_t port = 1; port <= kPackets; ++port) {
    Run(PacketOfFlow(port), WEIR_DIRECTION_EGRESS, kPacketsEach);
  }
  Flows table;
  Evict(&table);
  Flows ring;
  uint64_t ring_packets = 0;
  for (;;) {
    sdk::Result<size_t> read = kernel_->ReadOverflow(10, [&](const flow_record_t& record) {
      const flow_metrics_t metrics = record.metrics;
      EXPECT_EQ(metrics.packets, 1u);
      EXPECT_EQ(metrics.bytes, 42u);
      EXPECT_GT(metrics.start_mono_time_ns, 0u);
      EXPECT_EQ(metrics.start_mono_time_ns, metrics.end_mono_time_ns);
      Merge(record.id, {1, metrics.bytes, 0, 0}, &ring);
      ++ring_packets;
    });
    ASSERT_TRUE(read.ok()) << read.status().message();
    if (*read == 0) break;
  }
  EXPECT_EQ(table.size(), kFlows);
  for (const auto& [id, value] : ring) {
    EXPECT_EQ(id.direction, WEIR_DIRECTION_EGRESS);
    EXPECT_EQ(table.count(id), 0u);
  }
  const flow_counters_t counters = Counters();
  ExpectLaw(counters);
  EXPECT_EQ(counters.packets, uint64_t{kPackets} * kPacketsEach);
  EXPECT_EQ(counters.table_packets, uint64_t{kFlows} * kPacketsEach);
  EXPECT_EQ(counters.ringbuf_packets, ring_packets);
  EXPECT_GT(ring_packets, 30u);
  EXPECT_GT(counters.dropped_packets, 0u);
  EXPECT_EQ(counters.dropped_bytes, counters.dropped_packets * 42);
  EXPECT_EQ(counters.table_failures[WEIR_TABLE_FULL],
            counters.ringbuf_packets + counters.dropped_packets);

  // What was read makes room in the ring, what was evicted in the table.
  Run(PacketOfFlow(60000));
  EXPECT_EQ(Counters().table_packets, counters.table_packets + 1);
}

TEST_F(KernelFlowsTest, WithoutAReaderPacketsWithoutRoomAreDroppedAtOnce) {
  Load({/*max_flows=*/1, 0, /*ring_bytes=*/0});
  if (IsSkipped()) return;
  for (uint16_t port = 1; port <= 5; ++port) Run(PacketOfFlow(port));
  const flow_counters_t counters = Counters();
  ExpectLaw(counters);
  EXPECT_EQ(counters.table_packets, 1u);
  EXPECT_EQ(counters.dropped_packets, 4u);
}

TEST_F(KernelFlowsTest, LosesNothingWhileTablesAreEvicted) {
  constexpr int kEvictions = 20;
  constexpr int kTimes = 500;
  constexpr int kPorts = 20;
  Load({/*max_flows=*/kPorts / 2 + 1, 0, /*ring_bytes=*/1 << 16});
  if (IsSkipped()) return;
  std::atomic<bool> end{false};
  std::atomic<uint64_t> sent{0};
  std::vector<std::thread> generators;
  for (int i = 0; i < 2; ++i) {
    generators.emplace_back([this, &end, &sent] {
      for (int round = 0; !end.load(); ++round) {
        // The same flows from both: they race for the insertion.
        Run(PacketOfFlow(static_cast<uint16_t>(round % kPorts + 1)), WEIR_DIRECTION_INGRESS,
            kTimes);
        sent += kTimes;
      }
    });
  }
  Flows flows;
  uint64_t ring_packets = 0;
  const auto read_ring = [&] {
    sdk::Result<size_t> read = kernel_->ReadOverflow(1 << 20, [&](const flow_record_t& record) {
      Merge(record.id, {1, 42, 0, 0}, &flows);
    });
    ASSERT_TRUE(read.ok());
    ring_packets += *read;
  };
  while (sent.load() == 0) std::this_thread::yield();
  for (int i = 0; i < kEvictions; ++i) {
    Evict(&flows);
    read_ring();
  }
  end.store(true);
  for (std::thread& generator : generators) generator.join();
  Evict(&flows);
  Evict(&flows);
  read_ring();

  const flow_counters_t counters = Counters();
  ExpectLaw(counters);
  EXPECT_EQ(counters.packets, sent.load());
  EXPECT_EQ(counters.ringbuf_packets, ring_packets);
  uint64_t packets = 0;
  uint64_t bytes = 0;
  for (const auto& [id, value] : flows) {
    packets += value.packets;
    bytes += value.bytes;
  }
  EXPECT_EQ(packets + counters.dropped_packets, sent.load());
  EXPECT_EQ(bytes + counters.dropped_bytes, sent.load() * 42);
  // Of a flow that came only while table and ring were full, every packet was dropped.
  EXPECT_LE(flows.size(), size_t{kPorts});
}

TEST_F(KernelFlowsTest, SamplingLooksAtOneOfN) {
  constexpr int kPackets = 80'000;
  constexpr uint32_t kSampling = 8;
  Load({/*max_flows=*/10, kSampling, 0});
  if (IsSkipped()) return;
  Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, kPackets);
  const flow_counters_t counters = Counters();
  EXPECT_EQ(counters.packets + counters.sampled_out_packets, uint64_t{kPackets});
  // 10000 expected, standard deviation 94.
  EXPECT_NEAR(static_cast<double>(counters.packets), kPackets / kSampling, 940);
}

TEST_F(KernelFlowsTest, DrainsAFullTableByBatchAndSingly) {
  constexpr uint32_t kEntries = 20'000;
  for (const bool single : {false, true}) {
    SCOPED_TRACE(single ? "singly" : "by batch");
    const sdk::UniqueFd table(bpf_map_create(BPF_MAP_TYPE_HASH, "weir_test", sizeof(flow_id_t),
                                             sizeof(flow_value_t), kEntries, nullptr));
    if (table.get() < 0) GTEST_SKIP() << "SKIPPED: cannot create a BPF map: " << strerror(errno);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < kEntries; ++i) {
      flow_id_t id{};
      id.if_index = i;
      const flow_value_t value = {i, 0, 0, 0};
      ASSERT_EQ(bpf_map_update_elem(table.get(), &id, &value, BPF_NOEXIST), 0);
      sum += i;
    }
    TableDrain drain(single);
    uint64_t entries = 0;
    uint64_t drained = 0;
    const auto on_flows = [&](const flow_id_t* ids, const flow_value_t* values, size_t count) {
      for (size_t i = 0; i < count; ++i) {
        EXPECT_EQ(ids[i].if_index, values[i].packets);
        drained += values[i].packets;
      }
      entries += count;
    };
    for (int again = 0; again < 2; ++again) {
      const sdk::Status status = drain.Drain(table.get(), on_flows);
      ASSERT_TRUE(status.ok()) << status.message();
    }
    EXPECT_EQ(entries, kEntries);
    EXPECT_EQ(drained, sum);
  }
}

TEST_F(KernelFlowsTest, SaysWhichSettingAsksForTooMuch) {
  sdk::Result<std::unique_ptr<KernelFlows>> loaded =
      KernelFlows::Load({/*max_flows=*/0xffffffff, 0, 0}, host_.MakeStage());
  if (loaded.status().code() == WEIR_PERMISSION_DENIED) {
    GTEST_SKIP() << "SKIPPED: " << loaded.status().message();
  }
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.status().message().find("cache_max_flows"), std::string::npos)
      << loaded.status().message();
}

}  // namespace
}  // namespace weir::ebpf
