// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <cerrno>

#include <bpf/libbpf.h>
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <zlib.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "third_party/smoke/smoke.descriptors.h"
#include "third_party/smoke/smoke.pb.h"
#include "third_party/smoke/smoke_bpf.skel.h"

DEFINE_int32(smoke_number, 4, "A flag.");

namespace weir {
namespace {

TEST(Smoke, Absl) {
  EXPECT_EQ(absl::InvalidArgumentError(absl::StrCat("a", 1)).ToString(), "INVALID_ARGUMENT: a1");
}

TEST(Smoke, FlagsAndLog) {
  EXPECT_EQ(FLAGS_smoke_number, 4);
  // glog has its flags only if it is built with gflags.
  gflags::CommandLineFlagInfo info;
  EXPECT_TRUE(gflags::GetCommandLineFlagInfo("logtostderr", &info));
  LOG(INFO) << "logged";
}

TEST(Smoke, TextProtobuf) {
  smoke::Smoke message;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(name: "a" count: 1 count: 2 age { seconds: 3 })", &message));
  EXPECT_THAT(message.count(), testing::ElementsAre(1, 2));
  EXPECT_EQ(message.GetDescriptor()->FindFieldByName("count")->options().GetExtension(smoke::limit),
            7u);
}

TEST(Smoke, EmbeddedDescriptorsAreComplete) {
  google::protobuf::FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromArray(kThirdPartySmokeSmokeDescriptors,
                                 static_cast<int>(kThirdPartySmokeSmokeDescriptorsSize)));
  google::protobuf::DescriptorPool pool;
  const google::protobuf::FileDescriptor* last = nullptr;
  for (const google::protobuf::FileDescriptorProto& file : set.file()) {
    last = pool.BuildFile(file);
    ASSERT_NE(last, nullptr) << file.name();
  }
  ASSERT_EQ(last->name(), "third_party/smoke/smoke.proto");
  google::protobuf::SourceLocation location;
  ASSERT_TRUE(last->FindMessageTypeByName("Smoke")->GetSourceLocation(&location));
  EXPECT_THAT(location.leading_comments, testing::HasSubstr("has to arrive"));
}

TEST(Smoke, Libraries) {
  EXPECT_STREQ(libbpf_version_string(), "v1.5");
  EXPECT_STREQ(zlibVersion(), "1.3.1");
  EXPECT_STREQ(ZLIB_VERSION, "1.3.1");
  // The kernel interface of libbpf 1.5 and not of the machine's headers.
  EXPECT_EQ(static_cast<int>(BPF_TCX_INGRESS), 46);
}

TEST(Smoke, BpfSkeleton) {
  smoke_bpf* skeleton = smoke_bpf__open();
  ASSERT_NE(skeleton, nullptr);
  skeleton->rodata->step = 2;
  EXPECT_STREQ(bpf_program__name(skeleton->progs.ingress), "ingress");
  EXPECT_EQ(bpf_program__type(skeleton->progs.ingress), BPF_PROG_TYPE_SCHED_CLS);
  EXPECT_EQ(bpf_program__expected_attach_type(skeleton->progs.ingress), BPF_TCX_INGRESS);
  EXPECT_EQ(bpf_program__type(skeleton->progs.classifier), BPF_PROG_TYPE_SCHED_CLS);
  EXPECT_EQ(bpf_map__max_entries(skeleton->maps.packets), 1u);
  smoke_bpf__destroy(skeleton);
}

TEST(Smoke, BpfLoads) {
  smoke_bpf* skeleton = smoke_bpf__open();
  ASSERT_NE(skeleton, nullptr);
  const int error = smoke_bpf__load(skeleton);
  smoke_bpf__destroy(skeleton);
  if (error == -EPERM) {
    GTEST_SKIP() << "the kernel does not let this test load BPF programs";
  }
  EXPECT_EQ(error, 0);
}

TEST(Smoke, PluginShowsOneSymbolAndHoldsItsComponents) {
  void* plugin = dlopen("third_party/smoke/smoke_plugin.so", RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(plugin, nullptr) << dlerror();
  EXPECT_EQ(dlsym(plugin, "g_registered"), nullptr);
  using Main = const void* (*)(const void*);
  Main plugin_main = reinterpret_cast<Main>(dlsym(plugin, "weir_plugin_main"));
  ASSERT_NE(plugin_main, nullptr) << dlerror();
  const int* result = static_cast<const int*>(plugin_main(nullptr));
  EXPECT_EQ(result[0], 11);
  EXPECT_EQ(result[1], static_cast<int>(kThirdPartySmokeSmokeDescriptorsSize));
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  FLAGS_logtostderr = true;
  google::InitGoogleLogging(argv[0]);
  return RUN_ALL_TESTS();
}
