// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/namespaces/namespace_registry.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

#include "core/record/record.h"

namespace weir::ebpf {
namespace {

// Returns "inode/name" of a record of that namespace and interface, or "none" if they are unknown.
std::string Described(const NamespaceRegistry& registry, uint32_t id, uint32_t if_index) {
  Record record{};
  record.if_index = if_index;
  registry.Describe(id, &record);
  if ((record.present & WEIR_HAS_NETWORK_NAMESPACE) == 0) return "none";
  return std::to_string(record.network_namespace) + "/" + std::string(InterfaceName(record));
}

uint32_t Add(NamespaceRegistry* registry, uint64_t inode) {
  sdk::Result<uint32_t> id = registry->Add(inode);
  EXPECT_TRUE(id.ok()) << id.status().message();
  return id.ok() ? *id : UINT32_MAX;
}

TEST(NamespaceRegistry, TellsEqualIndexesApart) {
  NamespaceRegistry registry;
  registry.SetOwn(7);
  const uint32_t first = Add(&registry, 100);
  const uint32_t second = Add(&registry, 200);
  registry.SetName(first, 2, "eth0");
  registry.SetName(second, 2, "wan");
  EXPECT_EQ(Described(registry, first, 2), "100/eth0");
  EXPECT_EQ(Described(registry, second, 2), "200/wan");
  EXPECT_EQ(Described(registry, second, 3), "200/");
  EXPECT_EQ(Described(registry, NamespaceRegistry::kOwn, 2), "7/");
  EXPECT_EQ(Described(registry, 17, 2), "none");
}

TEST(NamespaceRegistry, WhatHasGoneIsKnownUntilAllItsFlowsAreRead) {
  NamespaceRegistry registry;
  const uint32_t id = Add(&registry, 100);
  registry.SetName(id, 2, "a");
  registry.SetName(id, 3, "b");
  registry.SetGone(id, 2);
  registry.SetGone(id, 3);
  registry.SetName(id, 3, "c");  // at the same index
  registry.OnRead();
  registry.OnRead();
  EXPECT_EQ(Described(registry, id, 2), "100/a");
  registry.Remove(id);
  registry.OnRead();
  EXPECT_EQ(Described(registry, id, 2), "100/");
  EXPECT_EQ(Described(registry, id, 3), "100/c");
  registry.OnRead();
  registry.OnRead();
  EXPECT_EQ(Described(registry, id, 3), "none");
  EXPECT_EQ(registry.size(), 0u);
}

TEST(NamespaceRegistry, NumbersFitTheTableAndAreNotGivenAwayWhileTheirFlowsAreThere) {
  NamespaceRegistry registry;
  std::set<uint32_t> in_use;
  for (int i = 0; i < 200'000; ++i) {
    const uint32_t id = Add(&registry, 1);
    ASSERT_GT(id, NamespaceRegistry::kOwn);
    ASSERT_LE(id, NamespaceRegistry::kLastId);
    ASSERT_TRUE(in_use.insert(id).second) << id;
    registry.Remove(id);
    if (i % 50'000 == 49'999) {
      registry.OnRead();
      registry.OnRead();
      registry.OnRead();
      in_use.clear();
    }
  }
}

TEST(NamespaceRegistry, IsBounded) {
  NamespaceRegistry registry;
  for (size_t i = 0; i < NamespaceRegistry::kMostNamespaces; ++i) (void)Add(&registry, i);
  EXPECT_EQ(registry.Add(1).status().code(), WEIR_RESOURCE_EXHAUSTED);
  registry.Remove(5);
  const uint32_t id = Add(&registry, 1);
  for (uint32_t i = 0; i < NamespaceRegistry::kMostGone + 10; ++i) {
    registry.SetName(id, 10 + i, "x");
    registry.SetGone(id, 10 + i);
  }
  EXPECT_EQ(Described(registry, id, 10), "1/");
  EXPECT_EQ(Described(registry, id, 30), "1/x");
}

}  // namespace
}  // namespace weir::ebpf
