// SPDX-License-Identifier: Apache-2.0
#include "core/record/agent_tcp_flags.h"

#include "gtest/gtest.h"

namespace weir {
namespace {

Record FromAgent(uint16_t flags) {
  Record record{};
  record.present = WEIR_HAS_TCP_FLAGS;
  record.tcp_flags = flags;
  TranslateAgentTcpFlags(&record);
  return record;
}

TEST(TcpFlagsTest, PairsAreOfOnePacket) {
  struct {
    uint16_t flags;
    unsigned pairs;
  } const cases[] = {{0, 0},
                     {0x02, 0},
                     {0x10, 0},
                     {0x07, 0},
                     {0x12, WEIR_TCP_SYN_ACK},
                     {0x11, WEIR_TCP_FIN_ACK},
                     {0x14, WEIR_TCP_RST_ACK},
                     {0xff, WEIR_TCP_SYN_ACK | WEIR_TCP_FIN_ACK | WEIR_TCP_RST_ACK}};
  for (const auto& it : cases) EXPECT_EQ(TcpFlagPairsOf(it.flags), it.pairs) << it.flags;
}

TEST(AgentTcpFlagsTest, EachPairIsItsTwoFlags) {
  EXPECT_EQ(FromAgent(0x100).tcp_flags, 0x12);
  EXPECT_EQ(FromAgent(0x100).tcp_flag_pairs, WEIR_TCP_SYN_ACK);
  EXPECT_EQ(FromAgent(0x200).tcp_flags, 0x11);
  EXPECT_EQ(FromAgent(0x200).tcp_flag_pairs, WEIR_TCP_FIN_ACK);
  EXPECT_EQ(FromAgent(0x400).tcp_flags, 0x14);
  EXPECT_EQ(FromAgent(0x400).tcp_flag_pairs, WEIR_TCP_RST_ACK);
  EXPECT_EQ(FromAgent(0x718).tcp_flags, 0x1F);
  EXPECT_EQ(FromAgent(0x718).tcp_flag_pairs, 7);
}

TEST(AgentTcpFlagsTest, SingleFlagsStayAsTheyAre) {
  const Record record = FromAgent(0xFF);
  EXPECT_EQ(record.tcp_flags, 0xFF);
  EXPECT_EQ(record.present, uint64_t{WEIR_HAS_TCP_FLAGS});  // pairs are not measured
}

// Flags that weir sends in the form of an agent come back unchanged.
TEST(AgentTcpFlagsTest, ThereAndBackIsTheSame) {
  for (unsigned flags = 0; flags < 0x100; ++flags) {
    for (unsigned pairs = 0; pairs < 8; ++pairs) {
      Record record{};
      record.present = WEIR_HAS_TCP_FLAGS | (pairs != 0 ? WEIR_HAS_TCP_FLAG_PAIRS : 0);
      record.tcp_flag_pairs = static_cast<uint8_t>(pairs);
      record.tcp_flags =
          static_cast<uint16_t>(flags | (pairs != 0 ? 0x10 : 0) | TcpFlagsBesideAck(pairs));
      const Record back = FromAgent(AgentTcpFlags(record));
      ASSERT_EQ(back.tcp_flags, record.tcp_flags) << flags << ' ' << pairs;
      ASSERT_EQ(back.tcp_flag_pairs, record.tcp_flag_pairs);
      ASSERT_EQ(back.present, record.present);
    }
  }
}

TEST(AgentTcpFlagsTest, AnAgentHasNoPlaceForAe) {
  Record record{};
  record.present = WEIR_HAS_TCP_FLAGS;
  record.tcp_flags = 0xF12;
  EXPECT_EQ(AgentTcpFlags(record), 0x12);
  record.tcp_flag_pairs = WEIR_TCP_SYN_ACK;  // not measured: the bit is clear
  EXPECT_EQ(AgentTcpFlags(record), 0x12);
}

}  // namespace
}  // namespace weir
