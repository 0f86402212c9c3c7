// SPDX-License-Identifier: Apache-2.0
// The fixture of the tests of the sink `grpc`. One thread.
#ifndef WEIR_SINKS_GRPC_GRPC_SINK_FIXTURE_H_
#define WEIR_SINKS_GRPC_GRPC_SINK_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/record/testing/random_records.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/grpc/fake_collector.h"
#include "sinks/grpc/grpc_sink.h"

namespace weir::sinks {

inline std::vector<Record> Records(size_t count) {
  return weir::testing::RandomRecords(7).OfTraffic(static_cast<int>(count));
}

// A sink that sends to a collector of its own.
class GrpcSinkTest : public ::testing::Test {
 protected:
  GrpcSinkTest() {
    config_.set_message_max_flows(100);
    config_.set_agent_ip("192.0.2.7");
    config_.set_max_backoff("200ms");
  }

  void MakeSink() {
    if (config_.target().empty()) config_.add_target(collector_.target());
    auto made = sdk::testing::MakeComponent<GrpcSink>(&host_, config_);
    ASSERT_TRUE(made.ok()) << made.status().message();
    sink_ = *std::move(made);
  }
  void StartSink() {
    MakeSink();
    const sdk::Status status = sink_->Start();
    ASSERT_TRUE(status.ok()) << status.message();
  }
  void TearDown() override {
    if (sink_ == nullptr) return;
    EXPECT_TRUE(sink_->Stop().ok());
    host_.ExpectBalanced();
  }
  void Feed(size_t records) {
    const sdk::Status status = host_.Feed(sink_.get(), Records(records));
    EXPECT_TRUE(status.ok()) << status.message();
  }
  void Flush() {
    const sdk::Status status = sink_->Flush();
    EXPECT_TRUE(status.ok()) << status.message();
  }

  Grpc config_;
  sdk::testing::FakeHost host_;
  testing::FakeCollector collector_;
  std::unique_ptr<GrpcSink> sink_;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_GRPC_GRPC_SINK_FIXTURE_H_
