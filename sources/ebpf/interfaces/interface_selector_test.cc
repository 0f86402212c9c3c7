// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/interface_selector.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/record/ip_prefix.h"

namespace weir::ebpf {
namespace {

using Names = std::vector<std::string>;

InterfaceSelector Make(const Names& include, const std::optional<Names>& exclude = std::nullopt) {
  sdk::Result<InterfaceSelector> selector = InterfaceSelector::Make(include, exclude);
  EXPECT_TRUE(selector.ok()) << selector.status().message();
  return *std::move(selector);
}

TEST(InterfaceSelector, TakesAllButLoopbackByDefault) {
  const InterfaceSelector selector = Make({});
  EXPECT_TRUE(selector.Matches("eth0"));
  EXPECT_FALSE(selector.Matches("lo"));
  EXPECT_FALSE(Make({"/.*/"}).Matches("lo"));
}

TEST(InterfaceSelector, LoopbackIsMeasuredIfNamedOrIfNothingIsExcluded) {
  EXPECT_TRUE(Make({"lo"}).Matches("lo"));
  EXPECT_TRUE(Make({}, Names{""}).Matches("lo"));
  EXPECT_FALSE(Make({"lo"}, Names{"lo"}).Matches("lo"));
}

TEST(InterfaceSelector, ExpressionsMatchAnywhereAndNamesAsAWhole) {
  const InterfaceSelector selector = Make({"eth", "/br-/"});
  EXPECT_TRUE(selector.Matches("eth"));
  EXPECT_FALSE(selector.Matches("eth0"));
  EXPECT_TRUE(selector.Matches("my-br-1"));
  // A slash at only one end is part of a name.
  EXPECT_TRUE(Make({"/x"}).Matches("/x"));
}

TEST(InterfaceSelector, ExcludesWin) {
  const InterfaceSelector selector = Make({"eth0", "eth1", "/^en/"}, Names{"eth1", "/p0s3$/"});
  EXPECT_TRUE(selector.Matches("eth0"));
  EXPECT_FALSE(selector.Matches("eth1"));
  EXPECT_FALSE(selector.Matches("enp0s3"));
  EXPECT_TRUE(selector.Matches("enp0s31f6"));
  EXPECT_EQ(selector.Names(), Names{"eth0"});
  EXPECT_TRUE(selector.MatchesByName("eth0"));
  EXPECT_FALSE(selector.MatchesByName("enp0s31f6"));
}

TEST(InterfaceSelector, KnowsAddressesByRange) {
  sdk::Result<InterfaceSelector> selector =
      InterfaceSelector::Make({}, std::nullopt, {"10.0.0.0/8", "fd00::/8"});
  ASSERT_TRUE(selector.ok());
  EXPECT_TRUE(selector->ByAddress());
  EXPECT_TRUE(selector->InRanges(IpPrefix::Parse("10.1.2.3")->address));
  EXPECT_TRUE(selector->InRanges(IpPrefix::Parse("fdff::1")->address));
  EXPECT_FALSE(selector->InRanges(IpPrefix::Parse("11.1.2.3")->address));
  EXPECT_FALSE(Make({}).ByAddress());
  EXPECT_EQ(InterfaceSelector::Make({}, std::nullopt, {"10.0.0.0/33"}).status().message(),
            "'10.0.0.0/33' is not a range of IP addresses");
}

TEST(InterfaceSelector, RefusesWhatIsNoExpression) {
  const sdk::Result<InterfaceSelector> selector = InterfaceSelector::Make({"/(/"}, std::nullopt);
  EXPECT_EQ(selector.status().code(), WEIR_INVALID_ARGUMENT);
  EXPECT_EQ(selector.status().message(), "'/(/' is not a regular expression: a '(' without ')'");
}

std::string ErrorOf(const Names& names) {
  return CheckInterfaceNames("interfaces", names, false).message();
}

TEST(InterfaceSelector, RefusesNamesThatNoInterfaceCanHave) {
  EXPECT_EQ(ErrorOf({"eth0", "br-0123456789ab", "veth@x", "/^eth/", "/ /", "/a,b/", "h\xc3\xa9"}),
            "");
  EXPECT_EQ(ErrorOf({"eth0", ""}),
            "interfaces[1]: '': an interface has a name of at least one byte");
  EXPECT_EQ(
      ErrorOf({"averyveryverylongname0"}),
      "interfaces[0]: 'averyveryverylongname0': it has 22 bytes; the name of an interface has "
      "at most 15");
  EXPECT_EQ(ErrorOf({"0123456789abcde"}), "");
  EXPECT_NE(ErrorOf({"0123456789abcdef"}), "");
  EXPECT_TRUE(CheckInterfaceNames("exclude_interfaces", {"", "eth0"}, true).ok());
  EXPECT_FALSE(CheckInterfaceNames("exclude_interfaces", {"", "a b"}, true).ok());
  EXPECT_EQ(ErrorOf({"a b"}), "interfaces[0]: 'a b': the name of an interface has no space");
  EXPECT_EQ(ErrorOf({" eth0"}), "interfaces[0]: ' eth0': the name of an interface has no space");
  EXPECT_EQ(ErrorOf({"a/b"}), "interfaces[0]: 'a/b': the name of an interface has no '/'");
  EXPECT_EQ(ErrorOf({"eth0:1"}), "interfaces[0]: 'eth0:1': the name of an interface has no ':'");
  EXPECT_EQ(ErrorOf({".."}), "interfaces[0]: '..': no interface can have this name");
  EXPECT_EQ(ErrorOf({"eth0,eth1"}),
            "interfaces[0]: 'eth0,eth1': write one `interfaces` for each interface");
  EXPECT_EQ(ErrorOf({"//"}),
            "interfaces[0]: '//': the expression is empty; write \"/.*/\" for all interfaces");
}

TEST(InterfaceSelector, RefusesNamesThatMeanSomethingElse) {
  EXPECT_EQ(ErrorOf({"any"}),
            "interfaces[0]: 'any': write \"/.*/\" for all interfaces; for exactly this name write "
            "\"/^any$/\"");
  EXPECT_NE(ErrorOf({"all"}), "");
  EXPECT_EQ(ErrorOf({"!lo"}),
            "interfaces[0]: '!lo': '!' excludes nothing; write exclude_interfaces: \"lo\"; for "
            "exactly this name write \"/^!lo$/\"");
  for (const std::string address : {"10.0.0.1", "fd00::1"}) {
    EXPECT_EQ(ErrorOf({address}),
              "interfaces[0]: '" + address +
                  "': this is an IP address; `interfaces` takes names, and `interface_ips` takes "
                  "addresses");
  }
  EXPECT_EQ(ErrorOf({"/^any$/", "anycast0", "10"}), "");
  EXPECT_EQ(ErrorOf({"a\nb"}), "interfaces[0]: 'a\\nb': the name of an interface has no space");
}

// Containers choose the names of their interfaces.
TEST(InterfaceSelector, NoNameHoldsItUpOrEscapesIt) {
  const InterfaceSelector selector = Make({"/^(a*)*(a*)*(a*)*b$/"}, Names{"/^veth.*$/"});
  EXPECT_FALSE(selector.Matches("aaaaaaaaaaaaaaa"));
  EXPECT_TRUE(selector.Matches("aaaaaaaaaaaaaab"));
  EXPECT_FALSE(Make({}, Names{"/^veth.*$/"}).Matches("veth\xff\xfe"));
}

}  // namespace
}  // namespace weir::ebpf
