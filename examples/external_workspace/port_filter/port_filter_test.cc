// SPDX-License-Identifier: Apache-2.0
// The transform alone, with the fake host of weir's SDK.
#include "port_filter/port_filter.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"

namespace example {
namespace {

using weir::Record;
using weir::sdk::testing::FakeHost;
using weir::sdk::testing::MakeComponent;

std::vector<Record> RecordsOfPorts() {
  std::vector<Record> records(4);
  records[0].src_port = 40000;
  records[0].dst_port = 443;
  records[1].src_port = 443;
  records[1].dst_port = 40001;
  records[2].src_port = 53;
  records[2].dst_port = 40002;
  // The last has no ports.
  return records;
}

std::unique_ptr<PortFilterTransform> Make(FakeHost* host, std::vector<uint32_t> ports,
                                          bool invert) {
  PortFilter config;
  config.mutable_ports()->Assign(ports.begin(), ports.end());
  config.set_invert(invert);
  auto filter = MakeComponent<PortFilterTransform>(host, config);
  EXPECT_TRUE(filter.ok()) << filter.status().message();
  return *std::move(filter);
}

TEST(PortFilterTest, KeepsBothDirectionsOfAPort) {
  FakeHost host;
  const auto filter = Make(&host, {443}, false);
  ASSERT_TRUE(host.Feed(filter.get(), RecordsOfPorts()).ok());

  const std::vector<Record> kept = host.records();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].dst_port, 443);
  EXPECT_EQ(kept[1].src_port, 443);
  EXPECT_EQ(host.counts().filtered, 2u);
  host.ExpectBalanced();
}

TEST(PortFilterTest, InvertedKeepsAllOthersAndWhatHasNoPorts) {
  FakeHost host;
  const auto filter = Make(&host, {443}, true);
  ASSERT_TRUE(host.Feed(filter.get(), RecordsOfPorts()).ok());

  const std::vector<Record> kept = host.records();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].src_port, 53);
  EXPECT_EQ(kept[1].dst_port, 0);
  host.ExpectBalanced();
}

TEST(PortFilterTest, EmitsNoEmptyBatch) {
  FakeHost host;
  const auto filter = Make(&host, {80}, false);
  ASSERT_TRUE(host.Feed(filter.get(), RecordsOfPorts()).ok());
  EXPECT_TRUE(host.batches().empty());
  EXPECT_EQ(host.counts().filtered, 4u);
  host.ExpectBalanced();
}

// The same batch goes on, without a copy.
TEST(PortFilterTest, PassesAWholeBatchByReference) {
  FakeHost host;
  const auto filter = Make(&host, {80}, true);
  weir_batch* const batch = host.MakeBatch(RecordsOfPorts());
  host.FailAllocations(true);
  ASSERT_TRUE(host.FeedBatch(filter.get(), batch).ok());
  host.host()->batch_release(batch);
  EXPECT_EQ(host.records().size(), 4u);
  host.ExpectBalanced();
}

TEST(PortFilterTest, PassesOverABatchWithoutRows) {
  FakeHost host;
  const auto filter = Make(&host, {443}, false);
  weir_batch* const batch = host.MakeBatch(RecordsOfPorts());
  batch->size = 0;
  ASSERT_TRUE(host.FeedBatch(filter.get(), batch).ok());
  host.host()->batch_release(batch);
  EXPECT_TRUE(host.batches().empty());
  host.ExpectBalanced();
}

TEST(PortFilterTest, KeepsBytesOfRowsThatItDoesNotKnow) {
  FakeHost host;
  weir::sdk::testing::RowLayout layout;
  layout.stride = sizeof(Record) + 16;
  host.SetRowLayout(layout);
  const auto filter = Make(&host, {443}, false);
  weir_batch* const batch = host.MakeBatch(RecordsOfPorts());
  batch->rows[batch->stride + sizeof(Record) + 3] = 0xab;  // of the second row
  ASSERT_TRUE(host.FeedBatch(filter.get(), batch).ok());
  host.host()->batch_release(batch);

  const auto batches = host.batches();
  ASSERT_EQ(batches.size(), 1u);
  ASSERT_EQ(batches[0].stride, layout.stride);
  EXPECT_EQ(batches[0].bytes[layout.stride + sizeof(Record) + 3], 0xab);
}

TEST(PortFilterTest, FailsWhenThePipelineTakesNoMore) {
  FakeHost host;
  const auto filter = Make(&host, {443}, false);
  host.FailEmits();
  EXPECT_EQ(host.Feed(filter.get(), RecordsOfPorts()).code(), WEIR_CANCELLED);
  host.ExpectBalanced();
}

TEST(PortFilterTest, FailsWithoutMemory) {
  FakeHost host;
  const auto filter = Make(&host, {443}, false);
  weir_batch* const batch = host.MakeBatch(RecordsOfPorts());
  host.FailAllocations(true);
  EXPECT_EQ(host.FeedBatch(filter.get(), batch).code(), WEIR_RESOURCE_EXHAUSTED);
  host.host()->batch_release(batch);
}

}  // namespace
}  // namespace example
