// SPDX-License-Identifier: Apache-2.0
#include "core/record/protobuf.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "core/record/pbflow.pb.h"
#include "core/record/testing/generated_protobuf.h"
#include "core/record/testing/plain_text.h"
#include "core/record/testing/random_records.h"
#include "core/record/varint.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/util/delimited_message_util.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using Framing = ProtobufOptions::Framing;

std::string Encoded(const ProtobufEncoder& encoder, const Record& record,
                    const weir_other_interfaces* others = nullptr) {
  std::string room(ProtobufEncoder::kMaxRecordBytes + 1, '#');
  room.resize(static_cast<size_t>(encoder.Write(record, others, room.data()) - room.data()));
  return room;
}

TEST(VarintTest, WritesAllLengthsAsProtobufDoes) {
  testing::RandomRecords random(8);
  for (int i = 0; i < 100'000; ++i) {
    const int bits = i % 64;
    const uint64_t value = (i < 64 ? ~uint64_t{0} : random.Below(~uint64_t{0})) >> bits;
    std::string expected;
    {
      google::protobuf::io::StringOutputStream stream(&expected);
      google::protobuf::io::CodedOutputStream(&stream).WriteVarint64(value);
    }
    char text[10 + kScratchBytes];
    ASSERT_EQ(std::string(text, WriteVarint(value, text)), expected) << value;
  }
}

// The same bytes: the format leaves no choice.
TEST(ProtobufEncoderTest, WritesAnyRecordAsGeneratedCodeDoes) {
  testing::RandomRecords random(9);
  const ProtobufEncoder encoder;
  for (int i = 0; i < 20'000; ++i) {
    const Record record = i % 2 == 0 ? random.Any() : random.OfTraffic();
    const weir_other_interfaces any = random.AnyOthers();
    const weir_other_interfaces* const others = i % 4 < 2 ? &any : nullptr;
    const std::string bytes = Encoded(encoder, record, others);
    ASSERT_LE(bytes.size(), ProtobufEncoder::kMaxMessageBytes);
    pbflow::Record expected;
    testing::SetMessage(record, &expected, others);
    pbflow::Record parsed;
    ASSERT_TRUE(parsed.ParseFromString(bytes)) << "record " << i;
    ASSERT_EQ(parsed.DebugString(), expected.DebugString()) << "record " << i;
    ASSERT_EQ(bytes, expected.SerializeAsString()) << parsed.DebugString();
  }
}

TEST(ProtobufEncoderTest, FramesMessagesOneAfterAnother) {
  testing::RandomRecords random(10);
  const ProtobufEncoder entries({Framing::kEntry, std::nullopt});
  const ProtobufEncoder delimited({Framing::kDelimited, std::nullopt});
  pbflow::Records expected;
  std::string message;
  std::string file;
  for (int i = 0; i < 1000; ++i) {
    const Record record = i % 2 == 0 ? random.Any() : random.OfTraffic();
    testing::SetMessage(record, expected.add_entries());
    message += Encoded(entries, record);
    file += Encoded(delimited, record);
  }
  EXPECT_EQ(message, expected.SerializeAsString());
  google::protobuf::io::ArrayInputStream stream(file.data(), static_cast<int>(file.size()));
  bool clean_end = false;
  for (const pbflow::Record& entry : expected.entries()) {
    pbflow::Record read;
    ASSERT_TRUE(google::protobuf::util::ParseDelimitedFromZeroCopyStream(&read, &stream, nullptr));
    EXPECT_EQ(read.SerializeAsString(), entry.SerializeAsString());
  }
  pbflow::Record none;
  EXPECT_FALSE(
      google::protobuf::util::ParseDelimitedFromZeroCopyStream(&none, &stream, &clean_end));
  EXPECT_TRUE(clean_end);
}

TEST(ProtobufEncoderTest, NamesTheAgent) {
  const Record record = testing::RandomRecords(11).OfTraffic();
  IpAddr v6{};
  v6.bytes[15] = 1;
  for (const IpAddr& agent : {IpAddr::FromV4(0x0A000001), v6}) {
    pbflow::Record expected;
    testing::SetMessage(record, &expected);
    testing::SetIp(agent, expected.mutable_agent_ip());
    EXPECT_EQ(Encoded(ProtobufEncoder({Framing::kNone, agent}), record),
              expected.SerializeAsString());
  }
}

// A collector keeps the agent address of each record.
TEST(ProtobufEncoderTest, ARecordsOwnAgentCountsBeforeTheConfiguredOne) {
  Record record = testing::RandomRecords(11).OfTraffic();
  record.present |= WEIR_HAS_AGENT_IP;
  const IpAddr own = IpAddr::FromV4(0x0A000002);
  std::copy(own.bytes.begin(), own.bytes.end(), record.agent_ip);
  const ProtobufEncoder encoder({Framing::kNone, IpAddr::FromV4(0x0A000001)});
  pbflow::Record parsed;
  ASSERT_TRUE(parsed.ParseFromString(Encoded(encoder, record)));
  EXPECT_EQ(parsed.agent_ip().ipv4(), 0x0A000002u);
}

// Collectors read these without a test for their presence.
TEST(ProtobufEncoderTest, PartsOfAnEmptyRecordAreThere) {
  pbflow::Record parsed;
  ASSERT_TRUE(parsed.ParseFromString(Encoded(ProtobufEncoder(), Record{})));
  EXPECT_TRUE(parsed.has_time_flow_start() && parsed.has_time_flow_end() &&
              parsed.has_data_link() && parsed.has_network() && parsed.has_transport());
  EXPECT_FALSE(parsed.network().has_src_addr());
}

TEST(ProtobufEncoderTest, TheLongestMessageIsAsLongAsItSays) {
  Record record;
  std::fill_n(reinterpret_cast<uint8_t*>(&record), sizeof(record), 0xFF);
  record.start_wall_time_ns = record.end_wall_time_ns = -1;
  IpAddr agent{};
  const ProtobufEncoder encoder({Framing::kEntry, agent});
  std::string room(ProtobufEncoder::kMaxRecordBytes + 1, '#');
  weir_other_interfaces others;
  std::fill_n(reinterpret_cast<uint8_t*>(&others), sizeof(others), 0xFF);
  const char* const end = encoder.Write(record, &others, room.data());
  EXPECT_EQ(static_cast<size_t>(end - room.data()), ProtobufEncoder::kMaxMessageBytes + 3);
  EXPECT_EQ(room.back(), '#');
}

}  // namespace
}  // namespace weir
