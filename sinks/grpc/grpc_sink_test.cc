// SPDX-License-Identifier: Apache-2.0
#include "sinks/grpc/grpc_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "core/record/testing/random_records.h"
#include "sinks/grpc/fake_collector.h"
#include "sinks/grpc/grpc_sink_fixture.h"

namespace weir::sinks {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeCollector;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::UnorderedElementsAre;

TEST_F(GrpcSinkTest, SendsMessagesThatAreFullAndTheRestWhenItIsFlushed) {
  collector_.Start();
  StartSink();
  Feed(250);
  Flush();
  EXPECT_THAT(collector_.messages(), UnorderedElementsAre(100, 100, 50));
  EXPECT_EQ(host_.delivered(), 250u);
  EXPECT_EQ(host_.counts().held, 0u);
  EXPECT_EQ(host_.metric("weir_grpc_messages_total"), 3);
}

TEST_F(GrpcSinkTest, EveryFieldThatTheProtocolHasArrives) {
  collector_.Start();
  config_.set_compression(Grpc::GZIP);
  StartSink();
  std::vector<Record> sent = weir::testing::RandomRecords(11).OfTraffic(1000);
  ASSERT_TRUE(host_.Feed(sink_.get(), sent).ok());
  Flush();
  // Several messages are in flight at once; they may arrive in another order.
  const auto key = [](const Record& record) {
    return std::tuple(record.start_wall_time_ns, record.src_port, record.dst_port, record.packets,
                      record.bytes, record.eth_protocol, std::string(record.interface_name),
                      SrcAddr(record).String(), DstAddr(record).String(), SrcMac(record).bytes,
                      DstMac(record).bytes, record.end_wall_time_ns, record.direction,
                      record.transport_protocol, record.tcp_flags, record.dscp, record.icmp_type,
                      record.icmp_code, record.sampling_interval,
                      (record.present & WEIR_IS_DUPLICATE) != 0);
  };
  std::vector<decltype(key(sent[0]))> want, have;
  for (const Record& record : sent) want.push_back(key(record));
  for (const Record& record : collector_.records()) have.push_back(key(record));
  EXPECT_THAT(have, ::testing::UnorderedElementsAreArray(want));
}

TEST_F(GrpcSinkTest, ATickSendsWhatHasWaited) {
  collector_.Start();
  StartSink();
  Feed(7);
  EXPECT_EQ(collector_.calls(), 0u);
  ASSERT_TRUE(sink_->Tick(0).ok());
  collector_.WaitForCalls(1);
  EXPECT_THAT(collector_.messages(), ElementsAre(7));
}

TEST_F(GrpcSinkTest, AnAbsentCollectorIsWaitedForAndLosesNothing) {
  collector_.Start();
  const int port = collector_.port();
  collector_.Stop();
  StartSink();
  Feed(250);
  ASSERT_TRUE(host_.WaitFor([&] { return host_.HasLog("takes no records; they wait"); }));
  EXPECT_EQ(host_.counts().held, 250u);
  collector_.Start(port);
  Flush();
  EXPECT_EQ(host_.delivered(), 250u);
  EXPECT_EQ(collector_.records().size(), 250u);
  EXPECT_TRUE(host_.HasLog("takes records again"));
}

// Two of five messages are kept, the others are dropped; nothing waits for ever.
TEST_F(GrpcSinkTest, AfterMaxWaitWhatHasNoRoomIsDropped) {
  collector_.Start();
  const int port = collector_.port();
  collector_.Stop();
  config_.set_max_in_flight(2);
  config_.set_max_wait("10ms");
  StartSink();
  Feed(500);
  EXPECT_EQ(host_.counts().dropped["no_room"], 300u);
  EXPECT_EQ(host_.counts().held, 200u);
  EXPECT_TRUE(host_.HasLog("does not take records as fast as they come"));
  collector_.Start(port);
  Flush();
  Feed(100);
  Flush();
  EXPECT_EQ(host_.delivered(), 300u);
  EXPECT_EQ(collector_.records().size(), 300u);
}

TEST_F(GrpcSinkTest, ASlowCollectorHoldsTheSinkBack) {
  collector_.Start();
  collector_.HoldBack();
  config_.set_max_in_flight(2);
  StartSink();
  std::atomic<bool> done{false};
  std::thread feeder([&] {
    Feed(1000);
    done = true;
  });
  collector_.WaitForCalls(2);
  // Two messages in flight, and one that is full and waits. There is no room for more.
  EXPECT_FALSE(done);
  EXPECT_LE(host_.counts().held, 512u);
  collector_.Release();
  feeder.join();
  Flush();
  EXPECT_EQ(host_.delivered(), 1000u);
  EXPECT_THAT(collector_.messages(), Each(Le(100u)));
}

TEST_F(GrpcSinkTest, WhatWasNotAnsweredInTimeIsDroppedAndCounted) {
  collector_.Start();
  collector_.HoldBack();
  config_.set_timeout("100ms");
  StartSink();
  Feed(100);
  ASSERT_TRUE(host_.WaitFor([&] { return host_.dropped("unanswered") == 100; }));
  collector_.Release();
  Feed(50);
  Flush();
  EXPECT_EQ(host_.delivered(), 50u);
}

TEST_F(GrpcSinkTest, ACollectorThatEndsInTheMiddleLosesOnlyWhatIsCounted) {
  collector_.Start();
  const int port = collector_.port();
  config_.set_max_in_flight(4);
  StartSink();
  Feed(1000);
  Flush();
  collector_.HoldBack();
  std::thread feeder([&] { Feed(2000); });
  collector_.WaitForCalls(14);
  collector_.Stop();
  collector_.Start(port);
  feeder.join();
  Flush();
  // Four messages had arrived and were never answered.
  EXPECT_EQ(host_.dropped("unanswered"), 400u);
  EXPECT_EQ(host_.delivered(), 2600u);
  EXPECT_EQ(collector_.records().size(), 3000u);
}

// The limit of a collector with gRPC's defaults is 4 MB, less than 60,000 records.
TEST_F(GrpcSinkTest, AMessageThatIsTooLargeIsSentInHalves) {
  collector_.Start();
  config_.set_message_max_flows(60'000);
  StartSink();
  Feed(60'000);
  Flush();
  EXPECT_EQ(host_.delivered(), 60'000u);
  EXPECT_EQ(collector_.records().size(), 60'000u);
  EXPECT_THAT(collector_.messages(), Each(Le(30'000u)));
  EXPECT_GE(host_.metric("weir_grpc_split_messages_total"), 1);
  EXPECT_TRUE(host_.HasLog("takes no message of 60000 records"));
  // Later messages are small from the beginning.
  const int64_t splits = host_.metric("weir_grpc_split_messages_total");
  Feed(60'000);
  Flush();
  EXPECT_EQ(host_.metric("weir_grpc_split_messages_total"), splits);
  EXPECT_EQ(host_.delivered(), 120'000u);
}

TEST_F(GrpcSinkTest, ARecordThatIsTooLargeByItselfIsDropped) {
  collector_.Start();
  collector_.AnswerWith(
      grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "a message has more than 0 records"),
      true);
  StartSink();
  Feed(5);
  Flush();
  EXPECT_EQ(host_.dropped("too_large"), 5u);
  EXPECT_TRUE(host_.HasLog("not even a message of one record"));
  EXPECT_TRUE(collector_.records().empty());
}

TEST_F(GrpcSinkTest, KnowsWhatLibrariesSayOfAMessageThatIsTooLarge) {
  collector_.Start();
  StartSink();
  uint64_t dropped = 0;
  for (const auto& [code, text] : std::vector<std::pair<grpc::StatusCode, const char*>>{
           {grpc::StatusCode::RESOURCE_EXHAUSTED,
            "grpc: received message larger than max (9 vs. 8)"},
           {grpc::StatusCode::RESOURCE_EXHAUSTED, "gRPC message exceeds maximum size 8: 9"},
           {grpc::StatusCode::RESOURCE_EXHAUSTED,
            "Received message exceeds the maximum configured message size."},
           {grpc::StatusCode::OUT_OF_RANGE,
            "Error, message length too large: found 9 bytes, the limit is: 8 bytes"}}) {
    collector_.AnswerWith(grpc::Status(code, text));
    Feed(5);
    Flush();
    dropped += 5;
    EXPECT_EQ(host_.dropped("too_large"), dropped) << text;
  }
  // Its records may have been taken.
  collector_.AnswerWith(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "over quota"));
  Feed(5);
  Flush();
  EXPECT_EQ(host_.dropped("too_large"), dropped);
  EXPECT_EQ(host_.dropped("unanswered"), 5u);
}

TEST_F(GrpcSinkTest, SendsTcpFlagsAsAgentsDoUnlessToldOtherwise) {
  collector_.Start();
  Record record = Records(1)[0];
  record.present |= WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS;
  record.tcp_flags = 0x1B;
  record.tcp_flag_pairs = WEIR_TCP_SYN_ACK;
  StartSink();
  ASSERT_TRUE(host_.Feed(sink_.get(), {record}).ok());
  Flush();
  ASSERT_EQ(collector_.records().size(), 1u);
  EXPECT_EQ(collector_.records()[0].tcp_flags, 0x1B);
  EXPECT_EQ(collector_.records()[0].tcp_flag_pairs, WEIR_TCP_SYN_ACK);
  EXPECT_TRUE(sink_->Stop().ok());

  config_.set_tcp_flags(Grpc::IPFIX);
  StartSink();
  ASSERT_TRUE(host_.Feed(sink_.get(), {record}).ok());
  Flush();
  ASSERT_EQ(collector_.records().size(), 2u);
  EXPECT_EQ(collector_.records()[1].tcp_flags, 0x1B);
  EXPECT_EQ(collector_.records()[1].tcp_flag_pairs, 0);
}

TEST_F(GrpcSinkTest, WhatACollectorSaysItDidNotTakeIsSentAgain) {
  collector_.Start();
  collector_.AnswerWith(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"), true);
  StartSink();
  Feed(100);
  collector_.WaitForCalls(2);
  collector_.AnswerWith(grpc::Status::OK);
  Flush();
  EXPECT_EQ(host_.delivered(), 100u);
  EXPECT_EQ(collector_.records().size(), 100u);
  EXPECT_GE(host_.metric("weir_grpc_resent_messages_total"), 2);
}

TEST_F(GrpcSinkTest, APermanentRefusalIsAnErrorOfTheStage) {
  collector_.Start();
  collector_.AnswerWith(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no such method"));
  StartSink();
  Feed(150);
  collector_.WaitForCalls(1);
  const sdk::Status status = sink_->Flush();
  EXPECT_EQ(status.code(), WEIR_FAILED_PRECONDITION);
  EXPECT_THAT(status.message(), HasSubstr("does not take records: no such method"));
  EXPECT_GE(host_.dropped("refused"), 100u);
}

TEST_F(GrpcSinkTest, InterruptEndsTheWaiting) {
  collector_.Start();
  collector_.Stop();
  StartSink();
  Feed(100);
  std::thread interrupter([&] { sink_->Interrupt(); });
  EXPECT_EQ(sink_->Flush().code(), WEIR_CANCELLED);
  interrupter.join();
  EXPECT_EQ(host_.counts().held, 100u);
}

TEST_F(GrpcSinkTest, TheNextTargetIsTakenWhereOneCannotBeReached) {
  FakeCollector other;
  other.Start();
  config_.add_target(other.target());
  other.Stop();
  collector_.Start();
  config_.add_target(collector_.target());
  StartSink();
  Feed(100);
  Flush();
  EXPECT_EQ(collector_.records().size(), 100u);
}

TEST_F(GrpcSinkTest, ConnectsAnewAfterTheInterval) {
  collector_.Start();
  config_.set_reconnect_interval("100ms");
  StartSink();
  const auto connections = [&] {
    const std::vector<std::string> peers = collector_.peers();
    return std::set<std::string>(peers.begin(), peers.end()).size();
  };
  for (int i = 0; i < 10'000 && connections() < 3; ++i) {
    Feed(100);
    Flush();
  }
  EXPECT_GE(connections(), 3u);
  EXPECT_EQ(host_.counts().AllDropped(), 0u);
}

}  // namespace
}  // namespace weir::sinks
