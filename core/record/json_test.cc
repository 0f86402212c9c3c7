// SPDX-License-Identifier: Apache-2.0
#include "core/record/json.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>

#include "core/record/testing/plain_text.h"
#include "core/record/testing/random_records.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

std::string Quoted(std::string_view text) {
  std::string out(MaxJsonStringBytes(text.size()) + kScratchBytes, ' ');
  out.resize(static_cast<size_t>(WriteJsonString(text, out.data()) - out.data()));
  return out;
}

TEST(JsonTest, EscapesWhatJsonReserves) {
  EXPECT_EQ(Quoted("eth0"), "\"eth0\"");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Quoted(std::string_view("\n\x1f\0", 3)), R"("\u000a\u001f\u0000")");
  EXPECT_EQ(Quoted("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

// Terminals obey these characters, or they change the order in which text is shown.
TEST(JsonTest, EscapesControlsAndWhatChangesTheDirectionOfText) {
  EXPECT_EQ(Quoted("\x7F"), R"("\u007f")");
  EXPECT_EQ(Quoted("\xC2\x80\xC2\x9B\xC2\x9F"), R"("\u0080\u009b\u009f")");
  EXPECT_EQ(Quoted("\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F"), R"("\u061c\u200e\u200f")");
  EXPECT_EQ(Quoted("\xE2\x80\xAA\xE2\x80\xAE"), R"("\u202a\u202e")");
  EXPECT_EQ(Quoted("\xE2\x81\xA6\xE2\x81\xA9"), R"("\u2066\u2069")");
  // The code points next to them are text.
  for (const char* const text : {"\xC2\xA0", "\xE2\x80\x8D", "\xE2\x80\x90", "\xE2\x80\xA9",
                                 "\xE2\x80\xAF", "\xE2\x81\xA5", "\xE2\x81\xAA"}) {
    EXPECT_EQ(Quoted(text), "\"" + std::string(text) + "\"");
  }
}

// The line is JSON for any bytes in an interface name.
TEST(JsonTest, ReplacesWhatIsNotUtf8) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Quoted("a\xFFz"), "\"a" + bad + "z\"");
  EXPECT_EQ(Quoted("\x80"), "\"" + bad + "\"");
  EXPECT_EQ(Quoted("\xC3"), "\"" + bad + "\"");                                // cut off
  EXPECT_EQ(Quoted("\xC3\""), "\"" + bad + "\\\"\"");                          // cut by a quote
  EXPECT_EQ(Quoted("\xC0\xAF"), "\"" + bad + bad + "\"");                      // overlong '/'
  EXPECT_EQ(Quoted("\xE0\x80\xAF"), "\"" + bad + bad + bad + "\"");            // overlong
  EXPECT_EQ(Quoted("\xED\xA0\x80"), "\"" + bad + bad + bad + "\"");            // surrogate
  EXPECT_EQ(Quoted("\xF4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"");  // U+110000
}

TEST(JsonTest, AddsWhatWasMeasuredBehindTheReferencesKeys) {
  Record record{};
  record.packets = std::numeric_limits<uint64_t>::max();
  record.present = WEIR_HAS_TCP_FLAGS | WEIR_HAS_DSCP | WEIR_HAS_ICMP | WEIR_HAS_VLAN |
                   WEIR_HAS_SAMPLING | WEIR_HAS_FLOW_END_REASON | WEIR_HAS_WIRE_PACKETS |
                   WEIR_HAS_NETWORK_NAMESPACE | WEIR_HAS_WIRE_BYTES | WEIR_HAS_AGENT_IP |
                   WEIR_HAS_TCP_FLAG_PAIRS;
  record.tcp_flags = 0x12;
  record.dscp = 46;
  record.icmp_type = 8;
  record.icmp_code = 3;
  record.vlan_id = 4094;
  record.sampling_interval = 50;
  record.flow_end_reason = 2;
  record.wire_packets = 60;
  record.wire_bytes = 70;
  record.network_namespace = 4026531840;
  const IpAddr agent = IpAddr::FromV4(0x0A000001);
  std::copy(agent.bytes.begin(), agent.bytes.end(), record.agent_ip);
  record.tcp_flag_pairs = WEIR_TCP_SYN_ACK | WEIR_TCP_RST_ACK;
  SetInterfaceName("eth0", &record);
  std::string json;
  AppendJson(record, &json);
  EXPECT_EQ(json,
            R"({"Etype":0,"FlowDirection":0,"SrcMac":"00:00:00:00:00:00",)"
            R"("DstMac":"00:00:00:00:00:00","SrcAddr":"::","DstAddr":"::","SrcPort":0,)"
            R"("DstPort":0,"Proto":0,"IFIndex":0,"Packets":18446744073709551615,"Bytes":0,)"
            R"("StartMonoTimeNs":0,"EndMonoTimeNs":0,"TimeFlowStart":"1970-01-01T00:00:00Z",)"
            R"("TimeFlowEnd":"1970-01-01T00:00:00Z","Interface":"eth0","TcpFlags":18,"Dscp":46,)"
            R"("IcmpType":8,"IcmpCode":3,"VlanId":4094,"Sampling":50,"FlowEndReason":2,)"
            R"("WirePackets":60,"WireBytes":70,"NetworkNamespace":4026531840,)"
            R"("AgentIp":"10.0.0.1","TcpFlagPairs":5})");
}

TEST(JsonTest, ListsAllInterfacesWithTheRecordsOwnFirst) {
  Record record{};
  SetInterfaceName("eth0", &record);
  record.direction = 1;
  weir_other_interfaces others{};
  const auto lists = [&] {
    char text[JsonEncoder::kMaxRecordBytes];
    const std::string json(text, JsonEncoder().WriteObject(record, &others, text));
    return json.substr(json.find(",\"Interfaces\""));
  };
  EXPECT_EQ(lists(), R"(,"Interfaces":["eth0"],"IfDirections":[1]})");
  Record elsewhere{};
  SetInterfaceName("br\"0", &elsewhere);
  EXPECT_TRUE(AddInterface(InterfaceOf(elsewhere), record, &others));
  EXPECT_EQ(lists(), R"(,"Interfaces":["eth0","br\"0"],"IfDirections":[1,0]})");
}

// One encoder for all records: state that it keeps of one record would show in the next.
TEST(JsonEncoderTest, WritesAnyRecordAsThePlainWayDoes) {
  testing::RandomRecords random(1);
  JsonEncoder encoder;
  for (int i = 0; i < 20'000; ++i) {
    const Record record = i % 2 == 0 ? random.Any() : random.OfTraffic();
    const weir_other_interfaces any = random.AnyOthers();
    const weir_other_interfaces* const others = i % 4 < 2 ? &any : nullptr;
    char text[JsonEncoder::kMaxRecordBytes + 1];
    const size_t size = static_cast<size_t>(encoder.Write(record, others, text) - text);
    ASSERT_LE(size, JsonEncoder::kMaxObjectBytes + 1);
    ASSERT_EQ(std::string(text, size), testing::PlainJson(record, others) + "\n") << "record " << i;
  }
}

TEST(JsonEncoderTest, TheLongestObjectIsAsLongAsItSays) {
  Record record;
  std::fill_n(reinterpret_cast<uint8_t*>(&record), sizeof(record), 0xFF);
  std::fill(std::begin(record.interface_name), std::end(record.interface_name), '\x1f');
  record.start_wall_time_ns = record.end_wall_time_ns = std::numeric_limits<int64_t>::max();
  weir_other_interfaces others;
  std::fill_n(reinterpret_cast<uint8_t*>(&others), sizeof(others), 0xFF);
  for (weir_interface& other : others.interfaces) {
    std::fill(std::begin(other.name), std::end(other.name), '\x1f');
  }
  std::string room(JsonEncoder::kMaxRecordBytes + 1, '#');
  const char* const end = JsonEncoder().WriteObject(record, &others, room.data());
  EXPECT_EQ(static_cast<size_t>(end - room.data()), JsonEncoder::kMaxObjectBytes);
  EXPECT_EQ(room.back(), '#');
}

}  // namespace
}  // namespace weir
