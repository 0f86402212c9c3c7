// SPDX-License-Identifier: Apache-2.0
#include "core/config/schema/schemas.h"

#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/config/test_schemas.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "plugins/sdk/config_rules.descriptors.h"

namespace weir::config {
namespace {

// What is wrong with it: known when it is added, or when it is first used.
absl::Status Use(ComponentSpec spec) {
  ConfigSchemas schemas;
  if (absl::Status status = schemas.Add(std::move(spec)); !status.ok()) return status;
  return schemas.All().front()->Check();
}

// The message of the component type that is there and sound.
const google::protobuf::Descriptor* MessageOf(const ConfigSchemas& schemas, StageKind kind,
                                              const std::string& type) {
  const absl::StatusOr<const Schema*> schema = schemas.Find(kind, type)->schema();
  EXPECT_TRUE(schema.ok()) << schema.status();
  return (*schema)->message();
}

std::string ErrorOf(ComponentSpec spec) {
  const absl::Status status = Use(std::move(spec));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

std::string ErrorOfMessage(const std::string& message) {
  return ErrorOf(TestSpec(StageKind::kSink, "x", message));
}

TEST(SchemasTest, RefusesRulesThatMakeNoSense) {
  EXPECT_EQ(ErrorOfMessage("weir.test.Broken"),
            "plugin 'test.so': sink type 'x': the rules of weir.test.Broken.count: pattern is for "
            "strings");
  EXPECT_EQ(ErrorOfMessage("weir.test.BrokenPattern"),
            "plugin 'test.so': sink type 'x': the rules of weir.test.BrokenPattern.name: the "
            "pattern '(x' is not valid: a '(' without ')'");
  EXPECT_EQ(ErrorOfMessage("weir.test.BackReference"),
            "plugin 'test.so': sink type 'x': the rules of weir.test.BackReference.name: the "
            "pattern '(x)\\\\1' is not valid: '\\1' is no escape sequence; back references are not "
            "supported");
  EXPECT_EQ(ErrorOfMessage("weir.test.BrokenDuration"),
            "plugin 'test.so': sink type 'x': the rules of weir.test.BrokenDuration.time: "
            "duration.min '1 fortnight' is not a duration");
  EXPECT_EQ(ErrorOfMessage("weir.test.BrokenRange"),
            "plugin 'test.so': sink type 'x': the rules of weir.test.BrokenRange.network: cidr is "
            "for strings");
}

// So that a pipeline pays for the components that it has.
TEST(SchemasTest, ReadsDescriptorsWhenTheyAreFirstAskedFor) {
  ConfigSchemas schemas;
  EXPECT_TRUE(schemas.Add(TestSpec(StageKind::kSink, "broken", "weir.test.Broken")).ok());
  EXPECT_TRUE(schemas.Add(TestSpec(StageKind::kSink, "writer", "weir.test.Writer")).ok());
  const ComponentType& writer = *schemas.Find(StageKind::kSink, "writer");
  EXPECT_EQ(*writer.schema(), *writer.schema());
  const ComponentType& broken = *schemas.Find(StageKind::kSink, "broken");
  EXPECT_EQ(broken.schema().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(broken.schema().status(), broken.schema().status());
}

TEST(SchemasTest, RefusesDescriptorsThatDoNotHold) {
  EXPECT_EQ(ErrorOfMessage("weir.test.None"),
            "plugin 'test.so': sink type 'x': the descriptors of its configuration lack the "
            "message 'weir.test.None'");
  ComponentSpec spec = TestSpec(StageKind::kSink, "x", "weir.test.Writer");
  spec.descriptor_set = "\xff garbage";
  EXPECT_EQ(ErrorOf(spec),
            "plugin 'test.so': sink type 'x': the descriptors of its configuration: they are not a "
            "google.protobuf.FileDescriptorSet");
  const std::string large(10 << 20, '\n');
  spec.descriptor_set = large;
  EXPECT_EQ(ErrorOf(spec),
            "plugin 'test.so': sink type 'x': the descriptors of its configuration: they have "
            "10485760 bytes; allowed are 1048576");
  google::protobuf::FileDescriptorSet set;
  set.add_file()->set_name("a.proto");
  set.mutable_file(0)->add_dependency("missing.proto");
  const std::string lacking = set.SerializeAsString();
  spec.descriptor_set = lacking;
  EXPECT_EQ(ErrorOf(spec),
            "plugin 'test.so': sink type 'x': the descriptors of its configuration: a.proto: "
            "missing.proto: Import \"missing.proto\" has not been loaded.");
}

// One whose set begins as the host's own and one that brings another version of what all
// import are the same component, and do not meet.
TEST(SchemasTest, TakesOtherVersionsOfWhatAllImport) {
  const ComponentSpec same = TestSpec(StageKind::kSink, "same", "weir.test.Writer");
  ComponentSpec other = TestSpec(StageKind::kSink, "other", "weir.test.Writer");
  google::protobuf::FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(std::string(other.descriptor_set)));
  for (google::protobuf::FileDescriptorProto& file : *set.mutable_file()) {
    if (file.name() == "plugins/sdk/config_rules.proto") {
      file.add_message_type()->set_name("OfAnotherVersion");
    }
  }
  const std::string of_another_version = set.SerializeAsString();
  other.descriptor_set = of_another_version;
  ConfigSchemas schemas;
  ASSERT_TRUE(schemas.Add(same).ok());
  ASSERT_TRUE(schemas.Add(other).ok());
  const auto* const same_message = MessageOf(schemas, StageKind::kSink, "same");
  const auto* const other_message = MessageOf(schemas, StageKind::kSink, "other");
  EXPECT_EQ(same_message->DebugString(), other_message->DebugString());
  EXPECT_EQ(same_message->file()->pool()->FindMessageTypeByName("weir.OfAnotherVersion"), nullptr);
  EXPECT_NE(other_message->file()->pool()->FindMessageTypeByName("weir.OfAnotherVersion"), nullptr);
}

TEST(SchemasTest, SurvivesDamagedDescriptors) {
  const ComponentSpec good = TestSpec(StageKind::kSink, "x", "weir.test.Writer");
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string descriptors(good.descriptor_set);
    for (int i = 0; i <= round % 8; ++i) {
      // Every other round behind what it has in common with the host's.
      const size_t from = round % 2 == 0 ? 0 : kPluginsSdkConfigRulesDescriptorsSize;
      const size_t at = from + random() % (descriptors.size() - from);
      descriptors[at] = static_cast<char>(random());
    }
    if (round % 5 == 0) descriptors.resize(random() % descriptors.size());
    ComponentSpec spec = good;
    spec.descriptor_set = descriptors;
    // Either is right; that it comes back is what is tested.
    Use(spec).IgnoreError();
  }
}

TEST(SchemasTest, KeepsKindsApartAndTypesUnique) {
  ConfigSchemas schemas;
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSink, "grpc", "")).ok());
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSource, "grpc", "weir.test.Writer")).ok());
  EXPECT_EQ(schemas.Add(TestSpec(StageKind::kSink, "grpc", "weir.test.Writer")),
            absl::AlreadyExistsError(
                "plugin 'test.so': sink type 'grpc' is that of plugin 'test.so' already"));
  EXPECT_EQ(MessageOf(schemas, StageKind::kSink, "grpc"), nullptr);
  EXPECT_NE(MessageOf(schemas, StageKind::kSource, "grpc"), nullptr);
  EXPECT_EQ(schemas.Find(StageKind::kTransform, "grpc"), nullptr);
  EXPECT_EQ(schemas.Types(StageKind::kSink), std::vector<std::string>({"grpc"}));
  EXPECT_EQ(schemas.All().size(), 2u);
}

}  // namespace
}  // namespace weir::config
