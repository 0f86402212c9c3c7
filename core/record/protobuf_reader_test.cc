// SPDX-License-Identifier: Apache-2.0
#include "core/record/protobuf_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/record/pbflow.pb.h"
#include "core/record/protobuf.h"
#include "core/record/testing/generated_protobuf.h"
#include "core/record/testing/plain_text.h"
#include "core/record/testing/random_records.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

std::string Encoded(const Record& record, const weir_other_interfaces* others = nullptr) {
  char text[ProtobufEncoder::kMaxRecordBytes];
  return {text, ProtobufEncoder().Write(record, others, text)};
}

// Returns `name` as text, cut to the whole characters that fit into a record.
std::string FittingName(const std::string& name) {
  std::string fitting;
  for (const std::string& character : testing::PlainCharacters(name)) {
    if (fitting.size() + character.size() > kMaxInterfaceName) break;
    fitting += character;
  }
  return fitting;
}

// Returns what a reader gets from the message of `record`.
Record ThroughProtobuf(const Record& record) {
  Record left{};
  SetKey(KeyOf(record), &left);
  left.if_index = 0;
  left.packets = record.packets;
  left.bytes = record.bytes;
  left.start_wall_time_ns = record.start_wall_time_ns;
  left.end_wall_time_ns = record.end_wall_time_ns;
  const auto measured = [&](uint64_t bit, auto from, auto* to) {
    if ((record.present & bit) == 0 || from == 0) return;
    *to = from;
    left.present |= bit;
  };
  measured(WEIR_HAS_TCP_FLAGS, record.tcp_flags, &left.tcp_flags);
  measured(WEIR_HAS_DSCP, record.dscp, &left.dscp);
  measured(WEIR_HAS_ICMP, record.icmp_type, &left.icmp_type);
  measured(WEIR_HAS_ICMP, record.icmp_code, &left.icmp_code);
  measured(WEIR_HAS_SAMPLING, record.sampling_interval, &left.sampling_interval);
  if ((record.present & WEIR_HAS_AGENT_IP) != 0 && AgentIp(record) != IpAddr{}) {
    std::memcpy(left.agent_ip, record.agent_ip, sizeof(left.agent_ip));
    left.present |= WEIR_HAS_AGENT_IP;
  }
  if (record.start_wall_time_ns != 0 || record.end_wall_time_ns != 0) {
    left.present |= WEIR_HAS_WALL_TIME;
  }
  left.present |= record.present & WEIR_IS_DUPLICATE;
  SetInterfaceName(FittingName(testing::PlainInterfaceName(record)), &left);
  return left;
}

// Returns the other interfaces that a reader gets; `left` is the record that it gets.
std::vector<std::pair<std::string, uint8_t>> OthersThroughProtobuf(
    const Record& record, const weir_other_interfaces& others, Record* left) {
  std::vector<std::pair<std::string, uint8_t>> all;
  for (const auto& [name, direction] : testing::PlainInterfaces(record, &others)) {
    if (!name.empty()) all.emplace_back(FittingName(name), direction);
  }
  const bool named = InterfaceName(*left) != "";
  if (!named && !all.empty()) SetInterfaceName(all[0].first, left);
  std::vector<std::pair<std::string, uint8_t>> expected;
  for (size_t i = named ? 0 : 1; i < all.size(); ++i) {
    const bool own = all[i] == std::make_pair(std::string(InterfaceName(*left)), left->direction);
    const bool known = std::find(expected.begin(), expected.end(), all[i]) != expected.end();
    if (!own && !known) expected.push_back(all[i]);
  }
  return expected;
}

TEST(ReadProtobufTest, ReadsAnyRecordThatWasWritten) {
  testing::RandomRecords random(13);
  for (int i = 0; i < 20'000; ++i) {
    const Record record = i % 2 == 0 ? random.Any() : random.OfTraffic();
    Record read = random.Any();  // the old contents do not matter
    ASSERT_EQ(ReadProtobuf(Encoded(record), &read), nullptr) << "record " << i;
    Record expected = ThroughProtobuf(record);
    ASSERT_EQ(std::memcmp(&read, &expected, sizeof(read)), 0) << "record " << i;

    const weir_other_interfaces others = random.AnyOthers();
    weir_other_interfaces read_others = random.AnyOthers();
    ASSERT_EQ(ReadProtobuf(Encoded(record, &others), &read, &read_others), nullptr);
    const auto expected_others = OthersThroughProtobuf(record, others, &expected);
    ASSERT_EQ(std::memcmp(&read, &expected, sizeof(read)), 0) << "record " << i;
    ASSERT_EQ(read_others.count, expected_others.size()) << "record " << i;
    for (uint32_t other = 0; other < read_others.count; ++other) {
      ASSERT_EQ(NameOf(read_others.interfaces[other]), expected_others[other].first);
      ASSERT_EQ(read_others.interfaces[other].direction, expected_others[other].second);
    }
  }
}

// A cut or changed message is refused, or is read as protobuf's own parser reads it.
TEST(ReadProtobufTest, AgreesWithGeneratedCodeOnMessagesThatAreCutOrChanged) {
  testing::RandomRecords random(14);
  int taken = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string message = Encoded(random.OfTraffic());
    if (i % 4 == 0) message.resize(random.Below(message.size()));
    if (i % 4 != 0) message[random.Below(message.size())] = static_cast<char>(random.Below(256));
    Record read{};
    if (ReadProtobuf(message, &read) != nullptr) continue;
    ++taken;
    pbflow::Record parsed;
    ASSERT_TRUE(parsed.ParseFromString(message));
    ASSERT_EQ(read.eth_protocol, parsed.eth_protocol());
    ASSERT_EQ(read.bytes, parsed.bytes());
    ASSERT_EQ(read.packets, parsed.packets());
    ASSERT_EQ(read.dst_port, parsed.transport().dst_port());
    ASSERT_EQ(read.dscp, parsed.network().dscp());
    ASSERT_EQ(testing::PlainMacNumber(read.src_mac), parsed.data_link().src_mac());
    if (parsed.network().src_addr().has_ipv4()) {
      ASSERT_EQ(SrcAddr(read).IntEncodeV4(), parsed.network().src_addr().ipv4());
    }
  }
  EXPECT_GT(taken, 1000);
}

TEST(ReadProtobufTest, KeepsTheAgentAndSaysWhichTimesAreMeasured) {
  pbflow::Record message;
  Record read{};
  ASSERT_EQ(ReadProtobuf(message.SerializeAsString(), &read), nullptr);
  EXPECT_EQ(read.present, 0u);
  message.mutable_agent_ip()->set_ipv4(0x0A000001);
  message.mutable_time_flow_start()->set_seconds(1);
  message.mutable_time_flow_end()->set_nanos(1);
  ASSERT_EQ(ReadProtobuf(message.SerializeAsString(), &read), nullptr);
  EXPECT_EQ(read.present, uint64_t{WEIR_HAS_AGENT_IP | WEIR_HAS_WALL_TIME});
  EXPECT_EQ(AgentIp(read).String(), "10.0.0.1");
  // 1970-01-01T00:00:00Z is a valid time.
  message.mutable_time_flow_start()->set_seconds(0);
  ASSERT_EQ(ReadProtobuf(message.SerializeAsString(), &read), nullptr);
  EXPECT_EQ(read.present, uint64_t{WEIR_HAS_AGENT_IP | WEIR_HAS_WALL_TIME});
  EXPECT_EQ(read.start_wall_time_ns, 0);
  // Only the end is set: the flow has one instant.
  message.clear_time_flow_start();
  ASSERT_EQ(ReadProtobuf(message.SerializeAsString(), &read), nullptr);
  EXPECT_EQ(read.present, uint64_t{WEIR_HAS_AGENT_IP | WEIR_HAS_WALL_TIME});
  EXPECT_EQ(read.start_wall_time_ns, 1);
  EXPECT_EQ(read.end_wall_time_ns, 1);
  message.mutable_time_flow_end()->set_nanos(0);
  ASSERT_EQ(ReadProtobuf(message.SerializeAsString(), &read), nullptr);
  EXPECT_EQ(read.present, uint64_t{WEIR_HAS_AGENT_IP});
}

// Returns the encoded fields of a message.
std::vector<std::string> Fields(std::string_view message) {
  std::vector<std::string> fields;
  for (size_t at = 0; at < message.size();) {
    for (size_t end = at + 1;; ++end) {
      ProtobufFields one(message.substr(at, end - at));
      ProtobufField field;
      if (!one.Next(&field)) continue;
      fields.emplace_back(message.substr(at, end - at));
      at = end;
      break;
    }
  }
  return fields;
}

TEST(ReadProtobufTest, TheOrderOfFieldsDoesNotMatter) {
  testing::RandomRecords random(15);
  std::mt19937 order(16);
  for (int i = 0; i < 5'000; ++i) {
    const std::string message = Encoded(i % 2 == 0 ? random.Any() : random.OfTraffic());
    Record expected{};
    ASSERT_EQ(ReadProtobuf(message, &expected), nullptr);
    std::vector<std::string> fields = Fields(message);
    std::shuffle(fields.begin(), fields.end(), order);
    std::string shuffled;
    for (const std::string& field : fields) shuffled += field;
    Record read{};
    ASSERT_EQ(ReadProtobuf(shuffled, &read), nullptr);
    ASSERT_EQ(std::memcmp(&read, &expected, sizeof(read)), 0) << "record " << i;
    // If a field comes twice, the last value counts; nested messages are joined.
    ASSERT_EQ(ReadProtobuf(shuffled + message, &read), nullptr);
    ASSERT_EQ(std::memcmp(&read, &expected, sizeof(read)), 0) << "record " << i;
  }
}

// Protobuf accepts numbers with superfluous zeros, up to ten bytes.
TEST(ReadProtobufTest, NumbersMayBeLongerThanTheyNeedToBe) {
  Record record{};
  for (const size_t zeros : {0, 1, 5, 6, 7, 8}) {
    const std::string number = "\x40\x85" + std::string(zeros, '\x80') + std::string(1, '\0');
    // As the last field, before another field, and with many bytes behind it.
    for (const std::string& behind :
         {std::string(), std::string("\x48\x07"), std::string(20, 'x')}) {
      ASSERT_EQ(ReadProtobuf(number + behind, &record), nullptr) << zeros;
      ASSERT_EQ(record.bytes, 5u) << zeros;
    }
  }
  EXPECT_STREQ(ReadProtobuf("\x40\x85" + std::string(9, '\x80') + std::string(1, '\0'), &record),
               "a number does not end");
}

TEST(ReadProtobufTest, CountsWhatARecordHasNoPlaceFor) {
  using Unrepresented = ProtobufUnrepresented;
  pbflow::Record message;
  message.add_dup_list()->set_interface("eth0");
  message.mutable_dup_list(0)->set_udn("blue");
  for (int i = 1; i < 10; ++i) message.add_dup_list()->set_interface("eth" + std::to_string(i));
  // Two fields of drops, a round trip time without and with a value, DNS, and an unknown field.
  const std::string text =
      message.SerializeAsString() + std::string(
                                        "\x80\x01\x05\x88\x01\x01\xC2\x01\x00\xC2\x01\x02\x10\x07"
                                        "\xA8\x01\x09\xA8\x06\x01",
                                        20);
  Record record{};
  Unrepresented found;
  ASSERT_EQ(ReadProtobuf(text, &record, nullptr, &found), nullptr);
  EXPECT_EQ(found.fields[Unrepresented::kDrops], 2u);
  EXPECT_EQ(found.fields[Unrepresented::kRtt], 1u);
  EXPECT_EQ(found.fields[Unrepresented::kDns], 1u);
  EXPECT_EQ(found.fields[Unrepresented::kOther], 1u);
  EXPECT_EQ(found.fields[Unrepresented::kUserNetwork], 1u);
  EXPECT_EQ(found.fields[Unrepresented::kInterfaces], 2u);
  EXPECT_EQ(found.fields[Unrepresented::kTranslation], 0u);
}

TEST(ReadProtobufTest, TakesTheNameOfTheListWhereThereIsNoOther) {
  pbflow::Record message;
  message.add_dup_list()->set_udn("a");
  message.add_dup_list()->set_interface("eth7");
  message.add_dup_list()->set_interface("eth8");
  Record read{};
  ASSERT_EQ(ReadProtobuf(message.SerializeAsString(), &read), nullptr);
  EXPECT_EQ(InterfaceName(read), "eth7");
  message.set_interface(std::string(40, 'x'));
  ASSERT_EQ(ReadProtobuf(message.SerializeAsString(), &read), nullptr);
  EXPECT_EQ(InterfaceName(read), std::string(kMaxInterfaceName, 'x'));
}

// Another agent may list the record's own interface anywhere, an interface twice, and more
// interfaces than fit into a record.
TEST(ReadProtobufTest, ListsOtherInterfacesOnceAndNoMoreThanFit) {
  pbflow::Record message;
  message.set_interface("eth1");
  message.set_direction(pbflow::EGRESS);
  const auto add = [&message](const std::string& name, pbflow::Direction direction) {
    pbflow::DupMapEntry* const entry = message.add_dup_list();
    entry->set_interface(name);
    entry->set_direction(direction);
  };
  add("eth0", pbflow::INGRESS);
  add("eth1", pbflow::EGRESS);
  add("eth0", pbflow::INGRESS);
  add(std::string("eth1\0x", 6), pbflow::INGRESS);
  const auto list = [&message] {
    Record record{};
    weir_other_interfaces others;
    EXPECT_EQ(ReadProtobuf(message.SerializeAsString(), &record, &others), nullptr);
    std::string names;
    for (uint32_t i = 0; i < others.count; ++i) {
      names += std::string(NameOf(others.interfaces[i])) +
               (others.interfaces[i].direction == 0 ? "< " : "> ");
    }
    return names;
  };
  EXPECT_EQ(list(), "eth0< eth1< ");
  message.clear_dup_list();
  for (int i = 2; i < 1000; ++i) add("eth" + std::to_string(i), pbflow::EGRESS);
  EXPECT_EQ(list(), "eth2> eth3> eth4> eth5> eth6> eth7> eth8> ");
}

TEST(ReadProtobufTest, SaysWhatIsWrong) {
  const auto error = [](std::string_view message) {
    Record read{};
    const char* const text = ReadProtobuf(message, &read);
    return std::string(text == nullptr ? "" : text);
  };
  EXPECT_EQ(error(""), "");
  EXPECT_EQ(error(std::string_view("\xA8\x06\x01", 3)), "");  // an unknown field
  EXPECT_EQ(error(std::string_view("\x00\x01", 2)), "a field has no valid number");
  EXPECT_EQ(error("\x0B"), "a field has a type that is not supported");
  EXPECT_EQ(error("\x08"), "a number does not end");
  EXPECT_EQ(error("\x40\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), "");
  // Tags and lengths have 32 bits, and 5 bytes.
  EXPECT_EQ(error(std::string("\xC0\x80\x80\x80\x80\x00\x01", 7)), "a number does not end");
  EXPECT_EQ(error(std::string("\x2A\x82\x80\x80\x80\x80\x00\x08\x01", 9)), "a number does not end");
  EXPECT_EQ(error("\x40\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"), "a number does not end");
  EXPECT_EQ(error("\x08\x80\x80\x04"), "a number is too large");  // EtherType 65536
  EXPECT_EQ(error("\x10\x02"), "a direction is neither INGRESS nor EGRESS");
  EXPECT_EQ(error("\xD2\x01\x02\x10\x02"), "a direction is neither INGRESS nor EGRESS");
  EXPECT_EQ(error("\x0A\x01x"), "a field has another type than it should have");
  EXPECT_EQ(error("\x52\x02x"), "it is cut off");
  EXPECT_EQ(error("\x52\x01\xFF"), "a text is not UTF-8");
  EXPECT_EQ(error("\x32\x05\x0A\x03\x12\x01x"), "an IPv6 address does not have 16 bytes");
  EXPECT_EQ(error("\x1A\x06\x08\xFF\xFF\xFF\xFF\x7F"), "a time is out of range");
  EXPECT_EQ(error("\x1A\x06\x10\x80\x94\xEB\xDC\x03"), "a number is too large");  // 10^9 ns
}

}  // namespace
}  // namespace weir
