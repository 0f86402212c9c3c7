// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/settings.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace weir::ebpf {
namespace {

TEST(SettingsTest, WhatIsPinnedIsOfOneNamespace) {
  sources::EbpfMap config = {};
  config.set_pin_path("/sys/fs/bpf/weir");
  EXPECT_TRUE(SettingsOf(config).ok());
  config.set_netns(sources::EbpfMap::ALL);
  EXPECT_EQ(SettingsOf(config).status().message(),
            "pin_path: cannot be combined with netns: ALL: its namespace ids are valid only for "
            "one run");
}

TEST(SettingsTest, PacketsAreLookedIntoByThePortOnlyWhereAsked) {
  sources::EbpfMap config;
  config.set_vxlan_port(8472);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.vxlan_port, 0);
  EXPECT_FALSE(SettingsOf(config)->kernel.vlan_key);
  config.set_vlan_key(true);
  EXPECT_TRUE(SettingsOf(config)->kernel.vlan_key);
  config.set_vxlan(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.vxlan_port, 8472);
  config.clear_vxlan_port();
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.vxlan_port, 4789);
  for (const uint32_t port : {0, 65536}) {
    config.set_vxlan_port(port);
    EXPECT_EQ(SettingsOf(config).status().message(), "vxlan_port: must be 1 to 65535");
  }
}

TEST(SettingsTest, EachTunnelIsLookedIntoOnlyWhereAsked) {
  sources::EbpfMap config;
  const weir_tunnels none = SettingsOf(config)->kernel.tunnels;
  EXPECT_EQ(none.geneve_port, 0);
  EXPECT_EQ(none.gre, 0);
  EXPECT_EQ(none.ip_in_ip, 0);
  config.set_gre(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.gre, 1);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.ip_in_ip, 0);
  config.set_ip_in_ip(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.ip_in_ip, 1);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.geneve_port, 0);
  config.set_geneve(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.geneve_port, 6081);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.vxlan_port, 0);
  config.set_geneve_port(4789);
  EXPECT_TRUE(SettingsOf(config).ok());
  config.set_vxlan(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config).status().message(),
            "geneve_port: equals vxlan_port: give each tunnel its own port");
  config.set_geneve_port(0);
  EXPECT_EQ(SettingsOf(config).status().message(), "geneve_port: must be 1 to 65535");
}

}  // namespace
}  // namespace weir::ebpf
