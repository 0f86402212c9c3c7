// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/filter.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "tests/vectors/vectors.h"

namespace weir::transforms {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

Filter With(const std::string& expression) {
  Filter config;
  config.set_expression(expression);
  return config;
}

std::unique_ptr<FilterTransform> Make(FakeHost* host, const std::string& expression) {
  auto made = MakeComponent<FilterTransform>(host, With(expression));
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

Record ToPort(uint16_t port) {
  Record record{};
  record.dst_port = port;
  return record;
}

std::vector<uint16_t> Ports(const std::vector<Record>& records) {
  std::vector<uint16_t> ports;
  for (const Record& record : records) ports.push_back(record.dst_port);
  return ports;
}

TEST(FilterTest, LetsPassWhatFitsInItsOrder) {
  FakeHost host;
  const auto filter = Make(&host, "dst_port in (80, 443, 8000-8999)");
  ASSERT_TRUE(host.Feed(filter.get(), {ToPort(22), ToPort(443), ToPort(80), ToPort(53),
                                       ToPort(8080), ToPort(9000)})
                  .ok());
  EXPECT_EQ(Ports(host.records()), (std::vector<uint16_t>{443, 80, 8080}));
  EXPECT_EQ(host.batches().size(), 1u);
  EXPECT_EQ(host.counts().filtered, 3u);
  host.ExpectBalanced();
}

// A batch in which all records match is emitted without a copy.
TEST(FilterTest, AllOfABatchIsTheBatchItself) {
  FakeHost host;
  const auto filter = Make(&host, "dst_port > 1");
  weir_batch* const batch = host.MakeBatch({ToPort(80), ToPort(443)});
  host.FailAllocations(true);
  EXPECT_TRUE(host.FeedBatch(filter.get(), batch).ok());
  host.host()->batch_release(batch);
  EXPECT_EQ(Ports(host.records()), (std::vector<uint16_t>{80, 443}));
  EXPECT_EQ(host.counts().filtered, 0u);
  host.ExpectBalanced();
}

TEST(FilterTest, NeverAnEmptyBatch) {
  FakeHost host;
  const auto filter = Make(&host, "dst_port > 1");
  ASSERT_TRUE(host.Feed(filter.get(), {ToPort(0), ToPort(1)}).ok());
  EXPECT_TRUE(host.batches().empty());
  EXPECT_EQ(host.counts().filtered, 2u);
  host.ExpectBalanced();
}

// A newer host has longer rows, followed by blocks: all of it is emitted.
TEST(FilterTest, KeepsWhatItDoesNotKnow) {
  FakeHost host;
  const auto filter = Make(&host, "dst_port == 80");
  sdk::testing::RowLayout layout;
  layout.stride = sizeof(Record) + 16;
  layout.block_offset[WEIR_BLOCK_DNS] = sizeof(Record) + 8;
  host.SetRowLayout(layout);
  weir_batch* const batch = host.MakeBatch({ToPort(80), ToPort(22), ToPort(80), ToPort(80)});
  for (uint32_t i = 0; i < batch->size; ++i) {
    std::memset(batch->rows + size_t{i} * batch->stride + sizeof(Record), static_cast<int>(i), 16);
  }
  EXPECT_TRUE(host.FeedBatch(filter.get(), batch).ok());
  host.host()->batch_release(batch);
  const auto out = host.batches();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].stride, layout.stride);
  EXPECT_EQ(out[0].block_offset, layout.block_offset);
  ASSERT_EQ(out[0].records.size(), 3u);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(out[0].bytes[(row + 1) * layout.stride - 1], std::vector<int>({0, 2, 3})[row]);
  }
}

// Every record is accounted for, also if emit fails.
TEST(FilterTest, NoRecordIsLostUncounted) {
  FakeHost host;
  const auto filter = Make(&host, "dst_port == 80");
  host.FailEmits();
  EXPECT_EQ(host.Feed(filter.get(), {ToPort(80), ToPort(22), ToPort(80)}).code(), WEIR_CANCELLED);
  EXPECT_EQ(host.dropped("pipeline_ended"), 2u);
  EXPECT_EQ(host.counts().filtered, 1u);
  host.ExpectBalanced();
  host.FailEmits(WEIR_OK);
  weir_batch* const batch = host.MakeBatch({ToPort(80), ToPort(22)});
  host.FailAllocations(true);
  EXPECT_EQ(host.FeedBatch(filter.get(), batch).code(), WEIR_RESOURCE_EXHAUSTED);
  host.FailAllocations(false);
  host.host()->batch_release(batch);
  EXPECT_TRUE(host.records().empty());
  host.ExpectBalanced();
  ASSERT_TRUE(host.Feed(filter.get(), {ToPort(80)}).ok());
  EXPECT_EQ(host.records().size(), 1u);
  host.ExpectBalanced();
}

TEST(FilterTest, TwoHalvesOfTheVectorsAreTheWhole) {
  const std::vector<Record> records = vectors::InputRecords();
  const std::string expression = "proto < 128 and src_addr == 0.0.0.0/0 or port > 50000";
  FakeHost host;
  FakeHost other_host;
  const auto filter = Make(&host, expression);
  const auto rest = Make(&other_host, "not (" + expression + ")");
  ASSERT_TRUE(host.Feed(filter.get(), records, 7).ok());
  ASSERT_TRUE(other_host.Feed(rest.get(), records, 64).ok());
  EXPECT_GT(host.records().size(), 20u);
  EXPECT_GT(other_host.records().size(), 20u);
  EXPECT_EQ(host.records().size() + other_host.records().size(), records.size());
  host.ExpectBalanced();
  other_host.ExpectBalanced();
}

TEST(FilterTest, SaysWhatIsWrongWithItsExpression) {
  FakeHost host;
  EXPECT_EQ(MakeComponent<FilterTransform>(&host, With("dst_port == abc")).status().message(),
            "expression: column 13: expected a port, found 'abc'\n"
            "  dst_port == abc\n"
            "              ^");
  EXPECT_EQ(MakeComponent<FilterTransform>(&host, Filter()).status().code(), WEIR_INVALID_ARGUMENT);
}

TEST(FilterTest, ItsDiagnosisIsThatItHoldsNothing) {
  FakeHost host;
  const std::vector<sdk::Finding> findings = host.Diagnose(Make(&host, "dst_port == 80").get());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_OK);
  EXPECT_EQ(findings[0].text, "holds no records");
}

}  // namespace
}  // namespace weir::transforms
