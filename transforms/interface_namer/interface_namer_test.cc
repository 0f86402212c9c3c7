// SPDX-License-Identifier: Apache-2.0
#include "transforms/interface_namer/interface_namer.h"

#include <net/if.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/testing/network_namespace.h"

namespace weir::transforms {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;
using sdk::testing::RunCommand;
using sdk::testing::ScopedNetworkNamespace;

InterfaceNamer FixedNames() {
  InterfaceNamer config;
  config.set_live(false);
  (*config.mutable_names())[3] = "uplink";
  return config;
}

std::unique_ptr<InterfaceNamerTransform> Make(FakeHost* host, const InterfaceNamer& config) {
  auto made = MakeComponent<InterfaceNamerTransform>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

Record OfInterface(uint32_t if_index, const std::string& name = "") {
  Record record{};
  record.if_index = if_index;
  SetInterfaceName(name, &record);
  return record;
}

// Returns the names of `records` after the transform.
std::vector<std::string> Names(FakeHost* host, InterfaceNamerTransform* namer,
                               const std::vector<Record>& records) {
  const sdk::Status status = host->Feed(namer, records);
  EXPECT_TRUE(status.ok()) << status.message();
  std::vector<std::string> names;
  for (const Record& record : host->TakeRecords()) names.emplace_back(InterfaceName(record));
  host->ExpectBalanced();
  return names;
}

TEST(InterfaceNamerTest, NamesByConfiguration) {
  FakeHost host;
  const auto namer = Make(&host, FixedNames());
  EXPECT_EQ(Names(&host, namer.get(),
                  {OfInterface(3), OfInterface(4), OfInterface(3, "eth3"), OfInterface(4, "eth4")}),
            (std::vector<std::string>{"uplink", "unknown", "uplink", "eth4"}));
}

TEST(InterfaceNamerTest, HandsOnWhatIsNamedAlready) {
  FakeHost host;
  const auto namer = Make(&host, FixedNames());
  host.FailAllocations(true);  // nothing is copied
  weir_batch* const batch = [&] {
    host.FailAllocations(false);
    weir_batch* const made = host.MakeBatch({OfInterface(5, "a"), OfInterface(6, "b")});
    host.FailAllocations(true);
    return made;
  }();
  EXPECT_TRUE(host.FeedBatch(namer.get(), batch).ok());
  host.host()->batch_release(batch);
  EXPECT_EQ(host.records().size(), 2u);
}

// A newer host has longer rows, followed by blocks: a transform keeps them.
TEST(InterfaceNamerTest, KeepsWhatItDoesNotKnow) {
  FakeHost host;
  const auto namer = Make(&host, FixedNames());
  sdk::testing::RowLayout layout;
  layout.stride = sizeof(Record) + 16;
  layout.block_offset[WEIR_BLOCK_DNS] = sizeof(Record) + 8;
  host.SetRowLayout(layout);
  weir_batch* const batch = host.MakeBatch({OfInterface(3), OfInterface(3)});
  std::memset(batch->rows + batch->stride + sizeof(Record), 0xAB, 16);
  EXPECT_TRUE(host.FeedBatch(namer.get(), batch).ok());
  host.host()->batch_release(batch);
  const auto out = host.batches();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].stride, layout.stride);
  EXPECT_EQ(out[0].block_offset, layout.block_offset);
  EXPECT_EQ(out[0].bytes.back(), 0xAB);
  EXPECT_EQ(InterfaceName(out[0].records[1]), "uplink");
}

TEST(InterfaceNamerTest, ReportsAHostThatTakesNoMore) {
  FakeHost host;
  const auto namer = Make(&host, FixedNames());
  host.FailEmits(WEIR_CANCELLED);
  EXPECT_EQ(host.Feed(namer.get(), {OfInterface(3)}).code(), WEIR_CANCELLED);
  host.ExpectBalanced();
}

TEST(InterfaceNamerTest, RefusesNamesThatDoNotFit) {
  FakeHost host;
  InterfaceNamer config;
  (*config.mutable_names())[3] = std::string(28, 'x');
  EXPECT_EQ(MakeComponent<InterfaceNamerTransform>(&host, config).status().message(),
            "names: the name of interface 3 has 28 bytes; it may have 1 to 27");
}

class LiveNamesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!network_.ok()) GTEST_SKIP() << "SKIPPED: " << network_.why_not();
    ASSERT_EQ(RunCommand({"ip", "link", "add", "wa", "type", "veth", "peer", "name", "wb"}), "");
    InterfaceNamer config;
    (*config.mutable_names())[1] = "loopback";
    namer_ = Make(&host_, config);
    const sdk::Status status = namer_->Start();
    ASSERT_TRUE(status.ok()) << status.message();
  }
  void TearDown() override {
    if (namer_ == nullptr) return;
    EXPECT_TRUE(namer_->Stop().ok());
  }

  std::string NameOf(const Record& record) { return Names(&host_, namer_.get(), {record})[0]; }

  ScopedNetworkNamespace network_;
  FakeHost host_;
  std::unique_ptr<InterfaceNamerTransform> namer_;
};

TEST_F(LiveNamesTest, TheKernelListsTheNames) {
  const auto other = Make(&host_, InterfaceNamer());
  const std::vector<sdk::Finding> findings = host_.Diagnose(other.get());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_OK);
  EXPECT_EQ(findings[0].text, "the kernel lists them");
}

TEST_F(LiveNamesTest, NamesAtOnceWhatIsAddedRenamedAndGone) {
  const uint32_t index = if_nametoindex("wa");
  ASSERT_NE(index, 0u);
  EXPECT_EQ(NameOf(OfInterface(index)), "wa");
  EXPECT_EQ(NameOf(OfInterface(1)), "loopback");  // whatever the kernel's name is
  EXPECT_EQ(NameOf(OfInterface(987654)), "unknown");

  ASSERT_EQ(RunCommand({"ip", "link", "set", "wa", "name", "wc"}), "");
  // A rename is known once the watcher's thread has read of it.
  EXPECT_TRUE(host_.WaitFor([&] { return NameOf(OfInterface(index)) == "wc"; }));

  ASSERT_EQ(RunCommand({"ip", "link", "add", "wx", "type", "veth", "peer", "name", "wy"}), "");
  const uint32_t added = if_nametoindex("wx");
  EXPECT_EQ(NameOf(OfInterface(added)), "wx");

  ASSERT_EQ(RunCommand({"ip", "link", "del", "wx"}), "");
  EXPECT_EQ(if_nametoindex("wx"), 0u);
  EXPECT_EQ(NameOf(OfInterface(added)), "wx");
}

// An index means nothing without its namespace.
TEST_F(LiveNamesTest, DoesNotNameInterfacesOfOtherNamespaces) {
  Record record = OfInterface(if_nametoindex("wa"));
  record.present = WEIR_HAS_NETWORK_NAMESPACE;
  record.network_namespace = 1;
  EXPECT_EQ(NameOf(record), "unknown");
}

TEST_F(LiveNamesTest, CanBeStoppedAndStartedAgain) {
  ASSERT_TRUE(namer_->Stop().ok());
  ASSERT_TRUE(namer_->Start().ok());
  EXPECT_EQ(NameOf(OfInterface(if_nametoindex("wa"))), "wa");
}

}  // namespace
}  // namespace weir::transforms
