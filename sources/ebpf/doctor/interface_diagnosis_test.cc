// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/doctor/interface_diagnosis.h"

#include <gtest/gtest.h>
#include <net/if_arp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/findings.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/interfaces/interface_selector.h"
#include "sources/ebpf/interfaces/link_feed.h"

namespace weir::ebpf {
namespace {

constexpr uint16_t kCan = 280;  // ARPHRD_CAN: cannot be measured

InterfaceSelector Select(const std::vector<std::string>& include,
                         const std::vector<std::string>& ranges = {}) {
  sdk::Result<InterfaceSelector> selector = InterfaceSelector::Make(include, std::nullopt, ranges);
  EXPECT_TRUE(selector.ok()) << selector.status().message();
  return *std::move(selector);
}

PresentInterfaces Machine() {
  PresentInterfaces present;
  present.links = {{1, "lo", ARPHRD_LOOPBACK},
                   {2, "eth0", ARPHRD_ETHER},
                   {3, "eth1", ARPHRD_ETHER},
                   {4, "can0", kCan},
                   {5, "can1", kCan}};
  present.addresses = {{2, IpAddr::FromV4(0x0A000001)}};
  return present;
}

// One line for each finding: severity and text.
std::string Diagnose(const InterfaceSelector& selector, sdk::Result<PresentInterfaces> present,
                     bool all_namespaces = false) {
  std::string text;
  for (const sdk::Finding& finding :
       DiagnoseInterfaces(selector, std::move(present), all_namespaces)) {
    EXPECT_EQ(finding.subject, "interfaces");
    constexpr const char* kSeverities[] = {"ok: ", "degraded: ", "missing: "};
    text += kSeverities[finding.severity] + finding.text + "\n";
  }
  return text;
}

TEST(DiagnoseInterfacesTest, ListsTheInterfacesThatAreMeasured) {
  EXPECT_EQ(Diagnose(Select({"/^eth/"}), Machine()), "ok: measures eth0, eth1\n");
  PresentInterfaces many;
  for (uint32_t i = 1; i <= 7; ++i) {
    many.links.push_back({i, "veth" + std::to_string(i), ARPHRD_ETHER});
  }
  EXPECT_EQ(Diagnose(Select({}), many),
            "ok: measures veth1, veth2, veth3, veth4, veth5 and 2 more\n");
}

TEST(DiagnoseInterfacesTest, WaitsForAnInterfaceThatDoesNotExist) {
  EXPECT_EQ(Diagnose(Select({"eth9"}), Machine()),
            "degraded: interface 'eth9' does not exist now: weir waits for it, and measures it "
            "when it appears\n");
  EXPECT_EQ(Diagnose(Select({"eth9", "eth0"}), Machine()),
            "degraded: interface 'eth9' does not exist now: weir waits for it, and measures it "
            "when it appears\n"
            "ok: measures eth0\n");
}

TEST(DiagnoseInterfacesTest, NamesNoFieldThatIsNotSet) {
  PresentInterfaces loopback;
  loopback.links = {{1, "lo", ARPHRD_LOOPBACK}};
  EXPECT_EQ(Diagnose(Select({}), loopback),
            "degraded: there is no interface to measure now: weir waits for one\n");
  EXPECT_EQ(Diagnose(Select({}, {"10.0.0.0/8"}), loopback),
            "degraded: no interface has an address in `interface_ips` now: weir waits for one\n");
}

TEST(DiagnoseInterfacesTest, WaitsIfNoneMatches) {
  EXPECT_EQ(Diagnose(Select({"/^wlan/"}), Machine()),
            "degraded: no interface matches `interfaces` now: weir waits for one\n");
  EXPECT_EQ(Diagnose(Select({"/^wlan/"}), Machine(), /*all_namespaces=*/true),
            "ok: no interface matches `interfaces` now in weir's own network namespace; others "
            "were not searched\n");
}

TEST(DiagnoseInterfacesTest, SelectsByAddress) {
  EXPECT_EQ(Diagnose(Select({}, {"10.0.0.0/8"}), Machine()), "ok: measures eth0\n");
  EXPECT_EQ(Diagnose(Select({}, {"11.0.0.0/8"}), Machine()),
            "degraded: no interface has an address in `interface_ips` now: weir waits for one\n");
}

TEST(DiagnoseInterfacesTest, AStartFailsForANamedLinkThatCannotBeMeasured) {
  EXPECT_EQ(Diagnose(Select({"eth0", "can0"}), Machine()),
            "missing: interface 'can0': links of hardware type 280 (ARPHRD_*) cannot be measured\n"
            "ok: measures eth0\n");
}

TEST(DiagnoseInterfacesTest, AStartFailsIfNoLinkCanBeMeasured) {
  EXPECT_EQ(Diagnose(Select({"/^can/"}), Machine()),
            "missing: interface 'can0': links of hardware type 280 (ARPHRD_*) cannot be measured\n"
            "degraded: interface 'can1': links of hardware type 280 (ARPHRD_*) cannot be "
            "measured\n");
  EXPECT_EQ(Diagnose(Select({"/0$/"}), Machine()),
            "degraded: interface 'can0': links of hardware type 280 (ARPHRD_*) cannot be "
            "measured\n"
            "ok: measures eth0\n");
}

TEST(DiagnoseInterfacesTest, AFailureToListIsMissing) {
  EXPECT_EQ(Diagnose(Select({}), sdk::Status(WEIR_INTERNAL, "list network interfaces: no")),
            "missing: list network interfaces: no\n");
}

}  // namespace
}  // namespace weir::ebpf
