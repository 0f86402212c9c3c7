// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <sstream>
#include <string>

#include "sinks/grpc/agent_address.h"
#include "sinks/grpc/grpc_settings.h"

namespace weir::sinks {
namespace {

using ::testing::HasSubstr;

TEST(GrpcSettingsTest, HasDefaults) {
  Grpc config;
  config.add_target("collector.example:9999");
  const sdk::Result<GrpcSettings> settings = GrpcSettings::Of(config);
  ASSERT_TRUE(settings.ok()) << settings.status().message();
  sdk::Result<GrpcSettings> copy = settings;
  EXPECT_EQ(copy->message_max_flows, 10'000u);
  EXPECT_EQ(copy->max_in_flight, 8u);
  EXPECT_EQ(copy->flush_interval, std::chrono::seconds(1));
  EXPECT_EQ(copy->timeout, std::chrono::seconds(30));
  EXPECT_EQ(copy->reconnect_interval.count(), 0);
  EXPECT_FALSE(copy->tls.has_value());
}

TEST(GrpcSettingsTest, RefusesWhatMeansNothing) {
  const auto why = [](auto change) {
    Grpc config;
    config.add_target("collector.example:9999");
    change(&config);
    return GrpcSettings::Of(config).status().message();
  };
  EXPECT_THAT(why([](Grpc* config) { config->clear_target(); }), HasSubstr("target: is required"));
  EXPECT_THAT(why([](Grpc* config) { config->set_target(0, "collector:99999"); }),
              HasSubstr("port from 1 to 65535"));
  EXPECT_THAT(why([](Grpc* config) { config->set_timeout("soon"); }),
              HasSubstr("timeout: 'soon' is not a duration"));
  EXPECT_THAT(why([](Grpc* config) { config->mutable_tls()->set_key_file("key.pem"); }),
              HasSubstr("cert_file and key_file: both or neither"));
  for (const char* text :
       {"foo bar", "192.0.2.1/24", "a-name-of-16-byte", "..", "a\tb", "fd00:::1"}) {
    EXPECT_THAT(why([text](Grpc* config) { config->set_agent_ip(text); }),
                HasSubstr("is neither an IP address nor the name of an interface"))
        << text;
  }
  for (const char* text : {"", "192.0.2.1", "fd00::1", "eth0", "eth0.100", "a-name-of-15-by"}) {
    EXPECT_EQ(why([text](Grpc* config) { config->set_agent_ip(text); }), "") << text;
  }
}

std::string DefaultInterface(const std::string& ipv4, const std::string& ipv6) {
  std::istringstream four(ipv4);
  std::istringstream six(ipv6);
  return DefaultRouteInterface(four, six);
}

TEST(AgentAddressTest, TheDefaultRouteOfTheLowestMetricIsTaken) {
  constexpr char kHeadings[] =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
  constexpr char kRoutes[] =
      "eth1\t00000000\t0100000A\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
      "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
      "eth2\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n";
  EXPECT_EQ(DefaultInterface(std::string(kHeadings) + kRoutes, ""), "eth0");
  EXPECT_EQ(DefaultInterface(kHeadings, ""), "");
  const std::string zeros(32, '0');
  EXPECT_EQ(DefaultInterface(kHeadings, zeros + " 00 " + zeros + " 00 " + zeros +
                                            " ffffffff 00000001 00000000 00200200       lo\n" +
                                            zeros + " 00 " + zeros +
                                            " 00 fe800000000000000000000000000001 00000400 "
                                            "00000001 00000000 00000003     eth6\n"),
            "eth6");
}

TEST(AgentAddressTest, AnAddressOrAnInterfaceCanBeNamed) {
  const auto text = [](const std::string& named) -> std::string {
    sdk::Result<std::optional<IpAddr>> address = AgentAddress(named);
    if (!address.ok()) return address.status().message();
    return address->has_value() ? (*address)->String() : "none";
  };
  EXPECT_EQ(text("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(text("2001:db8::7"), "2001:db8::7");
  EXPECT_THAT(text("no-such-link"), HasSubstr("neither an IP address nor an interface"));
}

}  // namespace
}  // namespace weir::sinks
