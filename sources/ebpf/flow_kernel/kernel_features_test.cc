// SPDX-License-Identifier: Apache-2.0
// Compares the probed features of this kernel with what it then does.
#include "sources/ebpf/kernel/kernel_features.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "bpf/flow.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/tables/table_memory.h"

namespace weir::ebpf {
namespace {

size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

// The memory of a hash map as kernels before 6.4 report it: keys and values, in whole pages.
double KeysAndValues(uint32_t entries) {
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t key = (sizeof(flow_key_t) + 7) / 8 * 8;
  const uint64_t bytes = entries * (key + sizeof(flow_value_t));
  return static_cast<double>((bytes + page - 1) / page * page);
}

// Returns the memory of a map, as the kernel counts it.
uint64_t MemoryOf(int map) {
  std::ifstream file("/proc/self/fdinfo/" + std::to_string(map));
  uint64_t bytes = 0;
  for (std::string word; file >> word;) {
    if (word == "memlock:") file >> bytes;
  }
  return bytes;
}

TEST(KernelFeaturesTest, AreThoseWithWhichTheProgramsLoad) {
  const KernelFeatures features = ProbeKernel();
  EXPECT_FALSE(features.release.empty());
  EXPECT_GT(features.available_memory_bytes, 0u);
  sdk::testing::FakeHost host;
  KernelOptions options;
  options.max_flows = 1;
  options.ring_bytes = 4096;
  const bool loads = KernelFlows::Load(options, host.MakeStage()).ok();
  if (features.programs == Support::kUnknown) {
    EXPECT_FALSE(loads);
    GTEST_SKIP() << "SKIPPED: this process may not load BPF programs";
  }
  // Each of them alone prevents the programs from loading.
  const bool all = features.programs == Support::kYes && features.hash == Support::kYes &&
                   features.array_of_maps == Support::kYes &&
                   features.per_cpu_array == Support::kYes && features.ring_buffer == Support::kYes;
  EXPECT_EQ(loads, all);
  EXPECT_NE(features.jit, Support::kUnknown);
  EXPECT_NE(features.tcx, Support::kUnknown);
  EXPECT_NE(features.compare_and_swap, Support::kUnknown);
  EXPECT_NE(features.batch_operations, Support::kUnknown);
}

TEST(KernelFeaturesTest, LookingLeavesNothingOpen) {
  (void)ProbeKernel();
  const size_t before = OpenFiles();
  (void)ProbeKernel();
  EXPECT_EQ(OpenFiles(), before);
}

TEST(TableMemoryTest, OfTheHashTierIsWhatTheKernelCounts) {
  constexpr uint32_t kFlows = 100000;
  const int created = bpf_map_create(BPF_MAP_TYPE_HASH, "weir_test", sizeof(flow_key_t),
                                     sizeof(flow_value_t), kFlows, nullptr);
  if (created < 0) GTEST_SKIP() << "SKIPPED: this process may not make BPF maps";
  const sdk::UniqueFd map(created);
  const auto counted = static_cast<double>(2 * MemoryOf(map.get()));
  if (counted == 0 || counted == 2 * KeysAndValues(kFlows)) {
    GTEST_SKIP() << "SKIPPED: this kernel does not count a map's memory (6.4 does)";
  }
  const auto said = static_cast<double>(TableBytes(TableTier::kHash, kFlows));
  EXPECT_GT(said, 0.75 * counted);
  EXPECT_LT(said, 1.25 * counted);
}

}  // namespace
}  // namespace weir::ebpf
