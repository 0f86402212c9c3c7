// SPDX-License-Identifier: Apache-2.0
// The balance of the datapath, flows of the table + packets of the ring + counted drops = packets
// of the interface, under millions of packets a second from all processors.
#include <gtest/gtest.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bpf/testing/traffic_generator.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/testing/network_namespace.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/testing/live_network.h"
#include "sources/ebpf/testing/table_tiers.h"
#include "sources/ebpf/testing/traffic_generator.h"

namespace weir::ebpf {
namespace {

using FamilyTotals = std::array<SentTraffic, WEIR_FRAME_FAMILIES>;

// WEIR_LOAD_DIVISOR in the environment divides the number of packets, for emulated processors.
uint32_t LoadDivisor() {
  const char* const text = std::getenv("WEIR_LOAD_DIVISOR");
  const int divisor = text == nullptr ? 1 : std::atoi(text);
  return divisor < 1 ? 1 : static_cast<uint32_t>(divisor);
}

// The packets of one round, and the options of the table.
struct Round {
  KernelOptions options;
  uint32_t flows = 0;                // of each family
  uint32_t packets_of_each_cpu = 0;  // of each family
};

// Both tiers of the flow table must pass the same tests.
class LoadTest : public ::testing::TestWithParam<TableTier> {
 protected:
  static constexpr uint32_t kPacketsOfACall = 20'000;
  static constexpr int kGenerators = 2;
  // The number of reads of the tables while packets come, however long they take.
  static constexpr uint64_t kEvictionsUnderLoad = 6;

  void SetUp() override {
    if (!network_.ok()) GTEST_SKIP() << "SKIPPED: " << network_.why_not();
    const std::string error = MakeInterfaces(kCable);
    if (!error.empty()) GTEST_SKIP() << "SKIPPED: " << error;
  }

  void Load(KernelOptions options, uint32_t flows) {
    options.tier = GetParam();
    sdk::Result<std::unique_ptr<KernelFlows>> loaded =
        KernelFlows::Load(options, host_.MakeStage());
    if (loaded.status().code() == WEIR_PERMISSION_DENIED ||
        loaded.status().code() == WEIR_UNIMPLEMENTED) {
      GTEST_SKIP() << "SKIPPED: " << loaded.status().message();
    }
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    kernel_ = *std::move(loaded);
    sdk::Result<std::unique_ptr<TrafficGenerator>> generator =
        TrafficGenerator::Open(if_nametoindex("left"), flows);
    if (!generator.ok()) GTEST_SKIP() << "SKIPPED: " << generator.status().message();
    generator_ = *std::move(generator);
    if (generator_->Send(WEIR_FRAME_IPV4, 1).code() == WEIR_INVALID_ARGUMENT) {
      GTEST_SKIP() << "SKIPPED: this kernel makes no live frames (5.18 does)";
    }
  }

  // Rounded to whole calls of the generator.
  static uint32_t PacketsOfEachCpu(const Round& round) {
    const uint32_t calls = round.packets_of_each_cpu / kPacketsOfACall / LoadDivisor();
    return std::max(calls, 1u) * kPacketsOfACall;
  }

  // Sends `count` packets of each family, in turn, and more until there were enough evictions.
  void Generate(int number, uint32_t count) {
    const std::vector<int> cpus = AvailableCpus();
    const sdk::Status bound = RunOnCpu(cpus[static_cast<size_t>(number) % cpus.size()]);
    EXPECT_TRUE(bound.ok()) << bound.message();
    for (uint32_t sent = 0; (sent < count || evictions_ < kEvictionsUnderLoad) && !failed_;
         sent += kPacketsOfACall) {
      // Each thread begins with another family, so that both come at any time.
      for (const int turn : {number, number + 1}) {
        const sdk::Status status =
            generator_->Send(turn % 2 == 0 ? WEIR_FRAME_IPV4 : WEIR_FRAME_IPV6, kPacketsOfACall);
        EXPECT_TRUE(status.ok()) << status.message();
      }
      packets_of_each_family_ += kPacketsOfACall;
    }
    ++finished_;
  }

  void Collect(const Flow& flow) {
    SentTraffic& total = seen_[flow.id.eth_protocol == 0x86dd ? WEIR_FRAME_IPV6 : WEIR_FRAME_IPV4];
    total.packets += flow.value.packets;
    total.bytes += flow.value.bytes;
  }
  void Evict() {
    ASSERT_TRUE(kernel_->Flip().ok());
    const sdk::Status status = kernel_->Drain([this](const Flow& flow) { Collect(flow); });
    ASSERT_TRUE(status.ok()) << status.message();
    ++evictions_;
  }
  void ReadRing() {
    sdk::Result<size_t> read =
        kernel_->ReadOverflow(1 << 20, [this](const Flow& packet) { Collect(packet); });
    ASSERT_TRUE(read.ok()) << read.status().message();
    ring_packets_ += *read;
  }

  // Sends the round's packets, and evicts as often as possible while they come.
  void Run(const Round& round) {
    Load(round.options, round.flows);
    if (IsSkipped() || HasFatalFailure()) return;
    const auto sent_before = *generator_->Sent();
    sdk::Result<std::unique_ptr<Attachment>> attached = kernel_->Attach(
        LinkOf("left", ARPHRD_ETHER), WEIR_DIRECTION_INGRESS, By(AttachMode::kAuto));
    ASSERT_TRUE(attached.ok()) << attached.status().message();
    const uint32_t packets = PacketsOfEachCpu(round);
    std::vector<std::thread> generators;
    for (int i = 0; i < kGenerators; ++i) {
      generators.emplace_back([this, i, packets] { Generate(i, packets); });
    }
    while (finished_.load() < kGenerators && !HasFatalFailure()) {
      Evict();
      ReadRing();
    }
    failed_ = HasFatalFailure();
    for (std::thread& generator : generators) generator.join();
    if (HasFatalFailure()) return;
    Evict();  // the last packets, and
    Evict();  // the earlier ones in the other table
    ReadRing();
    counters_ = *kernel_->Counters();
    sent_ = *generator_->Sent();
    for (int family = 0; family < WEIR_FRAME_FAMILIES; ++family) {
      sent_[family].packets -= sent_before[family].packets;
      sent_[family].bytes -= sent_before[family].bytes;
      EXPECT_EQ(sent_[family].packets, packets_of_each_family_);
    }
    ExpectTheBalance();
  }

  // Drops are not counted by family, but the families differ in length: packets and bytes are both
  // right only if those of each family are.
  void ExpectTheBalance() {
    SentTraffic missing;
    for (int family = 0; family < WEIR_FRAME_FAMILIES; ++family) {
      EXPECT_LE(seen_[family].packets, sent_[family].packets);
      const uint64_t packets = sent_[family].packets - seen_[family].packets;
      const uint64_t bytes = sent_[family].bytes - seen_[family].bytes;
      EXPECT_EQ(bytes, packets * (sent_[family].bytes / sent_[family].packets));
      missing.packets += packets;
      missing.bytes += bytes;
    }
    const uint64_t left_out = counters_.kernel.filter_rejected + counters_.kernel.filter_unmatched +
                              counters_.kernel.sampled_out_packets;
    EXPECT_EQ(missing.packets, counters_.kernel.dropped_packets + left_out);
    EXPECT_EQ(ring_packets_, counters_.kernel.ringbuf_packets);
    EXPECT_EQ(counters_.packets() + left_out, sent_[0].packets + sent_[1].packets);
    if (left_out == 0) {  // the bytes of packets left out are not counted
      EXPECT_EQ(missing.bytes, counters_.kernel.dropped_bytes);
      EXPECT_EQ(counters_.bytes(), sent_[0].bytes + sent_[1].bytes);
    }
    RecordProperty("evictions", static_cast<int>(evictions_.load()));
  }

  sdk::testing::ScopedNetworkNamespace network_;
  sdk::testing::FakeHost host_;
  std::unique_ptr<KernelFlows> kernel_;
  std::unique_ptr<TrafficGenerator> generator_;
  std::atomic<int> finished_{0};
  std::atomic<bool> failed_{false};
  std::atomic<uint64_t> evictions_{0};
  std::atomic<uint64_t> packets_of_each_family_{0};
  uint64_t ring_packets_ = 0;
  FamilyTotals seen_{};  // in flows and from the ring
  FamilyTotals sent_{};
  DatapathCounters counters_;
};

// 20 million packets for each tier. The tables are small, so that they are read soon after they
// were filled: additions of a program that is still running would be missed.
TEST_P(LoadTest, LosesNothingWithRoomForAll) {
  Round round;
  round.options.max_flows = 2'000;
  round.options.ring_bytes = 1 << 16;
  round.flows = 500;
  round.packets_of_each_cpu = 2'500'000;
  Run(round);
  if (IsSkipped()) return;
  // A flow may find no slot in the mapped table, but hardly any does.
  EXPECT_GE(counters_.table_packets, counters_.packets() - counters_.packets() / 1000);
}

TEST_P(LoadTest, LosesNothingWithAFullTable) {
  Round round;
  round.options.max_flows = 1'000;
  round.options.ring_bytes = 1 << 26;
  round.flows = 2'000;
  round.packets_of_each_cpu = 1'500'000;
  Run(round);
  if (IsSkipped()) return;
  EXPECT_GT(counters_.table_packets, 0u);
  EXPECT_GT(ring_packets_, 0u);
  EXPECT_GT(counters_.kernel.table_failures[WEIR_TABLE_FULL], 0u);
}

TEST_P(LoadTest, CountsWhatRulesLeaveOut) {
  flow_filter_rule_t reject_ipv6{};
  reject_ipv6.fields = weir_u64{0x86dd} << WEIR_FILTER_ETH_PROTOCOL;
  reject_ipv6.fields_mask = weir_u64{0xffff} << WEIR_FILTER_ETH_PROTOCOL;
  reject_ipv6.action = WEIR_FILTER_REJECT;
  flow_filter_rule_t accept_half{};
  accept_half.sampling = {2, 1u << 31};
  Round round;
  round.options.max_flows = 2'000;
  round.options.ring_bytes = 1 << 16;
  round.options.filter_rules = {reject_ipv6, accept_half};
  round.flows = 500;
  round.packets_of_each_cpu = 500'000;
  Run(round);
  if (IsSkipped() || HasFatalFailure()) return;
  const auto accepted = sent_[WEIR_FRAME_IPV4].packets;
  EXPECT_EQ(counters_.kernel.filter_accepted, accepted);
  EXPECT_EQ(counters_.kernel.filter_rejected, sent_[WEIR_FRAME_IPV6].packets);
  EXPECT_EQ(counters_.kernel.filter_unmatched, 0u);
  // Ten standard deviations.
  EXPECT_NEAR(static_cast<double>(counters_.packets()), static_cast<double>(accepted) / 2,
              5 * std::sqrt(static_cast<double>(accepted)));
}

TEST_P(LoadTest, CountsWhatItLosesWithTableAndRingFull) {
  Round round;
  round.options.max_flows = 10;
  round.options.ring_bytes = 1;  // a page
  round.flows = 1'000;
  round.packets_of_each_cpu = 1'000'000;
  Run(round);
  if (IsSkipped()) return;
  EXPECT_GT(counters_.table_packets, 0u);
  EXPECT_GT(ring_packets_, 0u);
  EXPECT_GT(counters_.kernel.dropped_packets, 0u);
}

INSTANTIATE_TEST_SUITE_P(Tiers, LoadTest, BothTiers(), TierName);

}  // namespace
}  // namespace weir::ebpf
