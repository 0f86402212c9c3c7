// SPDX-License-Identifier: Apache-2.0
// The sink alone, with the fake host of weir's SDK.
#include "batch_totals/batch_totals.h"

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"

namespace example {
namespace {

using weir::Record;
using weir::sdk::testing::FakeHost;
using weir::sdk::testing::MakeComponent;

std::vector<Record> ThreeRecords() {
  std::vector<Record> records(3);
  for (Record& record : records) {
    record.packets = 2;
    record.bytes = 100;
  }
  return records;
}

std::unique_ptr<BatchTotalsSink> Make(FakeHost* host, const std::string& path) {
  BatchTotals config;
  config.set_path(path);
  auto sink = MakeComponent<BatchTotalsSink>(host, config);
  EXPECT_TRUE(sink.ok()) << sink.status().message();
  return *std::move(sink);
}

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(BatchTotalsTest, WritesOneLinePerBatch) {
  const std::string path = testing::TempDir() + "totals.txt";
  FakeHost host;
  const auto sink = Make(&host, path);
  ASSERT_TRUE(sink->Start().ok());
  ASSERT_TRUE(host.Feed(sink.get(), ThreeRecords(), 2).ok());
  ASSERT_TRUE(sink->Stop().ok());

  EXPECT_EQ(Contents(path),
            "2 records 4 packets 200 bytes\n"
            "1 records 2 packets 100 bytes\n");
  EXPECT_EQ(host.delivered(), 3u);
  host.ExpectBalanced();
}

TEST(BatchTotalsTest, NamesTheFileThatItCannotOpen) {
  const std::string path = testing::TempDir() + "missing/totals.txt";
  FakeHost host;
  const auto sink = Make(&host, path);
  const auto status = sink->Start();
  EXPECT_EQ(status.code(), WEIR_NOT_FOUND);
  EXPECT_NE(status.message().find(path), std::string::npos) << status.message();
}

TEST(BatchTotalsTest, FailsOnAFullDisk) {
  FakeHost host;
  const auto sink = Make(&host, "/dev/full");
  ASSERT_TRUE(sink->Start().ok());
  EXPECT_EQ(host.Feed(sink.get(), ThreeRecords()).code(), WEIR_RESOURCE_EXHAUSTED);
  EXPECT_EQ(host.delivered(), 0u);
  host.ExpectBalanced();
  EXPECT_TRUE(sink->Stop().ok());
}

}  // namespace
}  // namespace example
