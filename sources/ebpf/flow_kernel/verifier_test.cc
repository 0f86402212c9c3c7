// SPDX-License-Identifier: Apache-2.0
// The number of instructions that the kernel's verifier checks for each program. It differs between
// kernels, which give up at a million; docs/explanation/architecture.md has the figures.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <net/if_arp.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/kernel/sampling.h"
#include "sources/ebpf/testing/table_tiers.h"

namespace weir::ebpf {
namespace {

// Half of the kernel's limit: leaves room for other kernels and for more features.
constexpr uint32_t kMostInstructions = 500'000;

// The most rules possible, each with ports and a sampling.
std::vector<flow_filter_rule_t> MostRules() {
  flow_filter_rule_t rule{};
  rule.ports = WEIR_FILTER_PORTS_EITHER;
  rule.sampling = SamplingOf(2);
  return std::vector<flow_filter_rule_t>(WEIR_MAX_FILTER_RULES, rule);
}

class VerifierTest : public ::testing::TestWithParam<TableTier> {};

// All features are on: the verifier does not check code that is off.
TEST_P(VerifierTest, IsFarFromItsLimit) {
  KernelOptions options;
  options.max_flows = 1000;
  options.filter_rules = MostRules();
  options.ring_bytes = 4096;
  options.tier = GetParam();
  options.clock = WEIR_CLOCK_COARSE;
  options.tunnels = {/*vxlan_port=*/4789, /*geneve_port=*/6081, /*gre=*/1, /*ip_in_ip=*/1};
  options.vlan_key = true;
  sdk::testing::FakeHost host;
  sdk::Result<std::unique_ptr<KernelFlows>> kernel = KernelFlows::Load(options, host.MakeStage());
  if (kernel.status().code() == WEIR_PERMISSION_DENIED ||
      kernel.status().code() == WEIR_UNIMPLEMENTED) {
    GTEST_SKIP() << "SKIPPED: " << kernel.status().message();
  }
  ASSERT_TRUE(kernel.ok()) << kernel.status().message();
  for (const uint16_t hardware_type : {ARPHRD_ETHER, ARPHRD_NONE}) {
    for (const uint8_t direction : {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS}) {
      bpf_prog_info info;
      std::memset(&info, 0, sizeof(info));
      uint32_t size = sizeof(info);
      ASSERT_EQ(
          bpf_prog_get_info_by_fd((*kernel)->ProgramFd(hardware_type, direction), &info, &size), 0)
          << std::strerror(errno);
      if (info.verified_insns == 0) GTEST_SKIP() << "SKIPPED: this kernel does not count (5.16)";
      EXPECT_LT(info.verified_insns, kMostInstructions);
      const std::string name =
          std::string(hardware_type == ARPHRD_ETHER ? "ethernet" : "no_link_layer") +
          (direction == WEIR_DIRECTION_INGRESS ? "_ingress" : "_egress");
      RecordProperty("verified_instructions_" + name, static_cast<int>(info.verified_insns));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, VerifierTest, BothTiers(), TierName);

}  // namespace
}  // namespace weir::ebpf
