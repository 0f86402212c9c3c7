// SPDX-License-Identifier: Apache-2.0
// A fixture for tests that run the programs in the kernel on packets without any interface
// (BPF_PROG_TEST_RUN). Needs the privilege to load them. For tests only.
#ifndef WEIR_SOURCES_EBPF_TESTING_KERNEL_FLOWS_FIXTURE_H_
#define WEIR_SOURCES_EBPF_TESTING_KERNEL_FLOWS_FIXTURE_H_

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <net/if_arp.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "bpf/testing/packet_bytes.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/testing/test_flows.h"

namespace weir::ebpf {

inline constexpr uint32_t kLoopbackIndex = 1;  // the interface of test runs

// Both tiers of the flow table must pass the same tests.
class KernelFlowsTest : public ::testing::TestWithParam<TableTier> {
 protected:
  // Skips the test if the programs cannot be loaded because a privilege is missing.
  void Load(KernelOptions options) {
    options.tier = GetParam();
    sdk::Result<std::unique_ptr<KernelFlows>> loaded =
        KernelFlows::Load(options, host_.MakeStage());
    if (loaded.status().code() == WEIR_PERMISSION_DENIED ||
        loaded.status().code() == WEIR_UNIMPLEMENTED) {
      GTEST_SKIP() << "SKIPPED: " << loaded.status().message();
    }
    ASSERT_TRUE(loaded.ok()) << loaded.status().message() << "\n"
                             << (host_.log().empty() ? "" : host_.log().back().message);
    kernel_ = *std::move(loaded);
    ASSERT_EQ(kernel_->tier(), GetParam());
  }

  // Runs a program `times` times on a packet.
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
  DatapathCounters Counters() {
    sdk::Result<DatapathCounters> counters = kernel_->Counters();
    EXPECT_TRUE(counters.ok()) << counters.status().message();
    return *counters;
  }

  sdk::testing::FakeHost host_;
  std::unique_ptr<KernelFlows> kernel_;
};

// Return UDP packets over IPv4 and over IPv6.
inline Bytes PacketOfFlow(uint16_t src_port) {
  Bytes packet = Ethernet({0x0800}) + Ipv4(17, 8) + Transport(8);
  packet[34] = static_cast<uint8_t>(src_port >> 8);
  packet[35] = static_cast<uint8_t>(src_port);
  return packet;
}

inline Bytes PacketOfFlow6(uint16_t src_port) {
  Bytes packet = Ethernet({0x86dd}) + Ipv6(17, 8) + Transport(8);
  packet[54] = static_cast<uint8_t>(src_port >> 8);
  packet[55] = static_cast<uint8_t>(src_port);
  return packet;
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_KERNEL_FLOWS_FIXTURE_H_
