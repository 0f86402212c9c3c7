// SPDX-License-Identifier: Apache-2.0
#include "core/record/record.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace weir {
namespace {

// A row is a binary contract: plugins compiled years ago read these offsets.
TEST(RecordTest, RowsKeepTheirLayout) {
  EXPECT_EQ(sizeof(Record), 200u);
  EXPECT_EQ(offsetof(Record, src_addr), 0u);
  EXPECT_EQ(offsetof(Record, dst_addr), 16u);
  EXPECT_EQ(offsetof(Record, src_mac), 32u);
  EXPECT_EQ(offsetof(Record, dst_mac), 38u);
  EXPECT_EQ(offsetof(Record, eth_protocol), 44u);
  EXPECT_EQ(offsetof(Record, src_port), 46u);
  EXPECT_EQ(offsetof(Record, dst_port), 48u);
  EXPECT_EQ(offsetof(Record, transport_protocol), 50u);
  EXPECT_EQ(offsetof(Record, direction), 51u);
  EXPECT_EQ(offsetof(Record, if_index), 52u);
  EXPECT_EQ(offsetof(Record, packets), 56u);
  EXPECT_EQ(offsetof(Record, start_mono_time_ns), 72u);
  EXPECT_EQ(offsetof(Record, start_wall_time_ns), 88u);
  EXPECT_EQ(offsetof(Record, present), 104u);
  EXPECT_EQ(offsetof(Record, wire_packets), 120u);
  EXPECT_EQ(offsetof(Record, sampling_interval), 128u);
  EXPECT_EQ(offsetof(Record, flow_end_reason), 139u);
  EXPECT_EQ(offsetof(Record, interface_name), 140u);
  EXPECT_EQ(offsetof(Record, wire_bytes), 168u);
  EXPECT_EQ(offsetof(Record, agent_ip), 176u);
  EXPECT_EQ(offsetof(Record, tcp_flag_pairs), 192u);
}

// A recording with the bytes 0x01, 0x02, ..., field by field.
TEST(RecordTest, ReadsThePackedRecordOfTheReference) {
  uint8_t bytes[sizeof(RawRecord)];
  for (size_t i = 0; i < sizeof(bytes); ++i) bytes[i] = static_cast<uint8_t>(i + 1);
  RawRecord raw;
  std::memcpy(&raw, bytes, sizeof(raw));
  const Record record = NewRecord(raw.key, raw.metrics, 0, 0, nullptr);
  EXPECT_EQ(record.eth_protocol, 0x0201);
  EXPECT_EQ(record.direction, 0x03);
  EXPECT_EQ(SrcMac(record).String(), "04:05:06:07:08:09");
  EXPECT_EQ(DstMac(record).String(), "0a:0b:0c:0d:0e:0f");
  EXPECT_EQ(SrcAddr(record).String(), "1011:1213:1415:1617:1819:1a1b:1c1d:1e1f");
  EXPECT_EQ(DstAddr(record).String(), "2021:2223:2425:2627:2829:2a2b:2c2d:2e2f");
  EXPECT_EQ(record.src_port, 0x3130);
  EXPECT_EQ(record.dst_port, 0x3332);
  EXPECT_EQ(record.transport_protocol, 0x34);
  EXPECT_EQ(record.if_index, 0x38373635u);
  EXPECT_EQ(record.packets, 0x3C3B3A39u);
  EXPECT_EQ(record.bytes, 0x44434241403F3E3Du);
  EXPECT_EQ(record.start_mono_time_ns, 0x4C4B4A4948474645u);
  EXPECT_EQ(record.end_mono_time_ns, 0x54535251504F4E4Du);
  EXPECT_TRUE(KeyOf(record) == raw.key);
  EXPECT_EQ(InterfaceName(record), "");
}

// In a recording, 0 is a time that is not yet set.
TEST(RecordTest, ATimeOfZeroInARecordingIsNotMeasured) {
  constexpr uint64_t kTimes = WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME;
  RecordMetrics metrics{};
  metrics.end_mono_time_ns = 2;
  EXPECT_EQ(NewRecord({}, metrics, 0, 0, nullptr).present & kTimes, 0u);
  metrics.start_mono_time_ns = 1;
  EXPECT_EQ(NewRecord({}, metrics, 0, 0, nullptr).present & kTimes, kTimes);
  metrics.end_mono_time_ns = 0;
  EXPECT_EQ(NewRecord({}, metrics, 0, 0, nullptr).present & kTimes, 0u);
}

TEST(RecordTest, CutsLongInterfaceNames) {
  Record record{};
  SetInterfaceName(std::string(40, 'x'), &record);
  EXPECT_EQ(InterfaceName(record), std::string(27, 'x'));
  SetInterfaceName("lo", &record);
  EXPECT_EQ(InterfaceName(record), "lo");
  // Another plugin may write a name without NUL.
  std::memset(record.interface_name, 'y', sizeof(record.interface_name));
  EXPECT_EQ(InterfaceName(record), std::string(28, 'y'));
}

TEST(ClockPairTest, TurnsMonotonicIntoWallTimes) {
  const ClockPair clocks = {1'000'000, 500};
  EXPECT_EQ(clocks.WallTime(500), 1'000'000);
  EXPECT_EQ(clocks.WallTime(400), 999'900);
  EXPECT_EQ(clocks.WallTime(700), 1'000'200);  // after the clocks were read
  EXPECT_EQ(clocks.WallTime(0), 999'500);
}

TEST(ClockPairTest, WrapsWhereNumbersEnd) {
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  EXPECT_EQ((ClockPair{kFirst, 1}).WallTime(0), kLast);
  EXPECT_EQ((ClockPair{kLast, 0}).WallTime(1), kFirst);
  EXPECT_EQ((ClockPair{0, 0}).WallTime(std::numeric_limits<uint64_t>::max()), -1);
}

Record Metrics(uint64_t start, uint64_t end, uint64_t packets, uint64_t bytes) {
  Record record{};
  record.start_mono_time_ns = start;
  record.end_mono_time_ns = end;
  record.packets = packets;
  record.bytes = bytes;
  SetWallTimes({1'000'000, 0}, &record);
  return record;
}

TEST(AccumulateTest, KeepsEarliestStartLatestEndAndSums) {
  Record into = Metrics(50, 60, 3, 300);
  Accumulate(Metrics(20, 30, 1, 100), &into);
  EXPECT_EQ(into.start_mono_time_ns, 20u);
  EXPECT_EQ(into.end_mono_time_ns, 60u);
  Accumulate(Metrics(70, 80, 4, 5), &into);
  EXPECT_EQ(into.start_mono_time_ns, 20u);
  EXPECT_EQ(into.end_mono_time_ns, 80u);
  EXPECT_EQ(into.packets, 8u);
  EXPECT_EQ(into.bytes, 405u);
}

// The rule for raw records: wall times go with their monotonic times, and 0 is not a time.
TEST(AccumulateTest, RawRecordsFollowTheReference) {
  Record into = Metrics(50, 60, 1, 1);
  Record other = Metrics(20, 80, 1, 1);
  other.start_wall_time_ns = 111;
  other.end_wall_time_ns = 222;
  Accumulate(other, &into);
  EXPECT_EQ(into.start_wall_time_ns, 111);
  EXPECT_EQ(into.end_wall_time_ns, 222);
  Accumulate(Metrics(30, 70, 1, 1), &into);
  EXPECT_EQ(into.start_wall_time_ns, 111);
  EXPECT_EQ(into.end_wall_time_ns, 222);
}

// The next time replaces one that is not set, whichever bits the other record has.
TEST(AccumulateTest, AnUnsetStartGivesWay) {
  for (const uint64_t said : {uint64_t{0}, kTimeBits}) {
    const auto measured = [said](uint64_t start, uint64_t end) {
      Record record = Metrics(start, end, 1, 1);
      record.present = said;
      return record;
    };
    Record into = measured(50, 60);
    Accumulate(Metrics(0, 0, 1, 1), &into);
    EXPECT_EQ(into.start_mono_time_ns, 0u);
    EXPECT_EQ(into.end_mono_time_ns, 60u);
    EXPECT_EQ(into.present, 0u);
    Accumulate(measured(55, 58), &into);
    EXPECT_EQ(into.start_mono_time_ns, 55u);
    EXPECT_EQ(into.end_mono_time_ns, 60u);
    EXPECT_EQ(into.present, said);
    Record unset = Metrics(0, 0, 1, 1);
    Accumulate(measured(7, 9), &unset);
    EXPECT_EQ(unset.start_mono_time_ns, 7u);
    EXPECT_EQ(unset.end_mono_time_ns, 9u);
    EXPECT_EQ(unset.start_wall_time_ns, 1'000'007);
    EXPECT_EQ(unset.present, said);
  }
}

Record Timed(uint64_t bits, uint64_t start, uint64_t end, int64_t start_wall, int64_t end_wall) {
  Record record{};
  record.present = bits;
  record.start_mono_time_ns = start;
  record.end_mono_time_ns = end;
  record.start_wall_time_ns = start_wall;
  record.end_wall_time_ns = end_wall;
  return record;
}

void ExpectTimes(const Record& record, const Record& expected) {
  EXPECT_EQ(record.present & kTimeBits, expected.present);
  EXPECT_EQ(record.start_mono_time_ns, expected.start_mono_time_ns);
  EXPECT_EQ(record.end_mono_time_ns, expected.end_mono_time_ns);
  EXPECT_EQ(record.start_wall_time_ns, expected.start_wall_time_ns);
  EXPECT_EQ(record.end_wall_time_ns, expected.end_wall_time_ns);
}

// Zero is a valid time if the bit is set, as in a capture of 1970.
TEST(AccumulateTest, AMeasuredZeroStays) {
  Record into = Timed(kTimeBits, 0, 0, 0, 0);
  Accumulate(Timed(kTimeBits, 5, 9, 5, 9), &into);
  ExpectTimes(into, Timed(kTimeBits, 0, 9, 0, 9));
  Record late = Timed(kTimeBits, 5, 9, 5, 9);
  Accumulate(Timed(kTimeBits, 0, 0, 0, 0), &late);
  ExpectTimes(late, Timed(kTimeBits, 0, 9, 0, 9));
}

// A packet of a capture may have no time.
TEST(AccumulateTest, ARecordWithoutATimeLeavesTheTimes) {
  const Record none = Timed(0, 0, 0, 0, 0);
  for (const uint64_t bits : {uint64_t{0}, uint64_t{WEIR_HAS_MONO_TIME}, kTimeBits}) {
    const Record dated = Timed(bits, 10, 20, 100, 200);
    Record into = dated;
    Accumulate(none, &into);
    ExpectTimes(into, dated);
    into = none;
    Accumulate(dated, &into);
    Accumulate(none, &into);
    EXPECT_EQ(into.present & kTimeBits, bits);
    EXPECT_EQ(into.start_mono_time_ns, 10u);
    EXPECT_EQ(into.end_mono_time_ns, 20u);
  }
}

// Records from protobuf have no monotonic times.
TEST(AccumulateTest, WallTimesAloneAreMerged) {
  Record into = Timed(WEIR_HAS_WALL_TIME, 0, 0, 100, 200);
  Accumulate(Timed(WEIR_HAS_WALL_TIME, 0, 0, 300, 400), &into);
  ExpectTimes(into, Timed(WEIR_HAS_WALL_TIME, 0, 0, 100, 400));
  Accumulate(Timed(WEIR_HAS_WALL_TIME, 0, 0, -50, 350), &into);
  ExpectTimes(into, Timed(WEIR_HAS_WALL_TIME, 0, 0, -50, 400));
}

TEST(AccumulateTest, EachClockIsMergedForItself) {
  // The wall clock was set back by 1000 between the two records.
  Record into = Timed(kTimeBits, 50, 60, 5050, 5060);
  Accumulate(Timed(kTimeBits, 70, 80, 4070, 4080), &into);
  ExpectTimes(into, Timed(kTimeBits, 50, 80, 4070, 5060));
  // If one record lacks a clock, the other record sets it.
  const Record wall = Timed(WEIR_HAS_WALL_TIME, 0, 0, 100, 200);
  const Record mono = Timed(WEIR_HAS_MONO_TIME, 7, 9, 0, 0);
  into = wall;
  Accumulate(mono, &into);
  ExpectTimes(into, Timed(kTimeBits, 7, 9, 100, 200));
  into = mono;
  Accumulate(wall, &into);
  ExpectTimes(into, Timed(kTimeBits, 7, 9, 100, 200));
  into = wall;
  Accumulate(Timed(kTimeBits, 7, 9, 150, 250), &into);
  ExpectTimes(into, Timed(kTimeBits, 7, 9, 100, 250));
  // A record without bits is not raw here, because the other one has no monotonic times.
  into = wall;
  Accumulate(Timed(0, 0, 0, 0, 0), &into);
  ExpectTimes(into, Timed(WEIR_HAS_WALL_TIME, 0, 0, 100, 200));
}

TEST(DurationTest, IsOfTheClockThatWasMeasured) {
  EXPECT_EQ(DurationOf(Timed(kTimeBits, 0, 5, 100, 200)), 5u);
  EXPECT_EQ(DurationOf(Timed(kTimeBits, 6, 5, 100, 200)), std::nullopt);
  EXPECT_EQ(DurationOf(Timed(WEIR_HAS_WALL_TIME, 0, 5, 100, 200)), 100u);
  EXPECT_EQ(DurationOf(Timed(WEIR_HAS_WALL_TIME, 0, 5, 200, 100)), std::nullopt);
  EXPECT_EQ(DurationOf(Timed(WEIR_HAS_WALL_TIME, 0, 0, std::numeric_limits<int64_t>::min(),
                             std::numeric_limits<int64_t>::max())),
            std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(DurationOf(Timed(0, 3, 5, 0, 0)), 2u);
  EXPECT_EQ(DurationOf(Timed(0, 0, 5, 100, 200)), std::nullopt);  // start not set
}

TEST(AccumulateTest, CountsBeyond32Bits) {
  Record into = Metrics(1, 2, 0xFFFFFFFF, 1);
  Accumulate(Metrics(1, 2, 0xFFFFFFFF, 1), &into);
  EXPECT_EQ(into.packets, 0x1FFFFFFFEu);
}

TEST(AccumulateTest, JoinsWhatWasMeasured) {
  Record into = Metrics(1, 2, 1, 1);
  into.present = WEIR_HAS_TCP_FLAGS | WEIR_HAS_DSCP;
  into.tcp_flags = 0x02;
  into.dscp = 10;
  Record other = Metrics(1, 2, 1, 1);
  other.present = WEIR_HAS_TCP_FLAGS | WEIR_HAS_DSCP | WEIR_HAS_VLAN | WEIR_HAS_FLOW_END_REASON;
  other.tcp_flags = 0x10;
  other.dscp = 46;
  other.vlan_id = 7;
  other.flow_end_reason = 3;
  Accumulate(other, &into);
  EXPECT_EQ(into.tcp_flags, 0x12);
  EXPECT_EQ(into.dscp, 10);    // seen first
  EXPECT_EQ(into.vlan_id, 0);  // the first packet had none
  EXPECT_EQ(into.flow_end_reason, 3);
  EXPECT_EQ(into.present, other.present & ~uint64_t{WEIR_HAS_VLAN});
}

// The first packet may have no tag, and records may come in any order.
TEST(AccumulateTest, HasTheVlanOfTheFirstPacket) {
  Record tagged = Metrics(10, 20, 1, 1);
  tagged.present |= WEIR_HAS_VLAN;
  tagged.vlan_id = 5;
  for (const bool untagged_first : {true, false}) {
    const Record untagged = untagged_first ? Metrics(5, 6, 1, 1) : Metrics(15, 16, 1, 1);
    for (const bool in_order : {true, false}) {
      Record into = untagged_first == in_order ? untagged : tagged;
      Accumulate(untagged_first == in_order ? tagged : untagged, &into);
      EXPECT_EQ((into.present & WEIR_HAS_VLAN) != 0, !untagged_first);
      EXPECT_EQ(into.vlan_id, untagged_first ? 0 : 5);
    }
  }
}

// If a record did not count packets on the wire, its buffers count instead.
TEST(AccumulateTest, WirePacketsAreNeverFewerThanPackets) {
  Record into = Metrics(1, 2, 10, 1);
  Record other = Metrics(1, 2, 2, 1);
  other.present = WEIR_HAS_WIRE_PACKETS;
  other.wire_packets = 90;
  Accumulate(other, &into);
  EXPECT_EQ(into.wire_packets, 100u);
  Accumulate(Metrics(1, 2, 5, 1), &into);
  EXPECT_EQ(into.wire_packets, 105u);
  Record plain = Metrics(1, 2, 1, 1);
  Accumulate(Metrics(1, 2, 5, 1), &plain);
  EXPECT_EQ(plain.wire_packets, 0u);
}

TEST(AccumulateTest, ARecordWithoutWireBytesCountsWithItsBytes) {
  Record into = Metrics(1, 2, 1, 1000);
  Record other = Metrics(1, 2, 1, 64'000);
  other.present = WEIR_HAS_WIRE_BYTES;
  other.wire_bytes = 67'000;
  Accumulate(other, &into);
  EXPECT_EQ(into.wire_bytes, 68'000u);
  EXPECT_EQ(into.bytes, 65'000u);
  Accumulate(Metrics(1, 2, 1, 60), &into);
  EXPECT_EQ(into.wire_bytes, 68'060u);
  Record plain = Metrics(1, 2, 1, 1);
  Accumulate(Metrics(1, 2, 5, 1), &plain);
  EXPECT_EQ(plain.wire_bytes, 0u);
  EXPECT_EQ(plain.present, 0u);
}

TEST(AccumulateTest, JoinsPairsOfTcpFlagsAndKeepsTheFirstAgent) {
  Record into = Metrics(1, 2, 1, 1);
  into.present = WEIR_HAS_TCP_FLAG_PAIRS;
  into.tcp_flag_pairs = WEIR_TCP_SYN_ACK;
  Record other = into;
  other.present |= WEIR_HAS_AGENT_IP;
  other.tcp_flag_pairs = WEIR_TCP_FIN_ACK;
  other.agent_ip[15] = 1;
  Accumulate(other, &into);
  EXPECT_EQ(into.tcp_flag_pairs, WEIR_TCP_SYN_ACK | WEIR_TCP_FIN_ACK);
  EXPECT_EQ(AgentIp(into), AgentIp(other));
  other.agent_ip[15] = 2;
  Accumulate(other, &into);
  EXPECT_EQ(into.agent_ip[15], 1);
  EXPECT_EQ(into.present, other.present);
}

}  // namespace
}  // namespace weir
