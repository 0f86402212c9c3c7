// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/pcap/testing/run_capture.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::sources {
namespace {

using pcap::Gzip;
using pcap::TestCaptureOptions;
using pcap::TestPcap;
using pcap::TestPcapng;
using sdk::testing::FakeHost;

TEST(PcapTest, FilesAreReadInOrderAndFoldersByName) {
  const std::string folder = ::testing::TempDir() + "captures";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  ASSERT_EQ(mkdir((folder + "/within").c_str(), 0700), 0);  // is not looked into
  const auto capture = [](size_t payload) {
    TestPcap one;
    one.Add(Frame(payload));
    return one.bytes();
  };
  CaptureFile("captures/b.pcap.gz", Gzip(capture(3)));
  CaptureFile("captures/a.pcap", capture(2));
  FakeHost host;
  ASSERT_TRUE(
      RunFiles(&host, {CaptureFile("first", capture(1)), folder, CaptureFile("last", capture(4))})
          .ok());
  std::vector<uint64_t> sizes;
  for (const Record& record : host.records()) sizes.push_back(record.bytes - Frame().size());
  EXPECT_EQ(sizes, (std::vector<uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(host.metric("weir_pcap_files_total"), 4);
}

// Makes a folder of files with these names and contents.
std::string Folder(const std::string& name,
                   const std::vector<std::pair<std::string, std::string>>& files) {
  const std::string folder = ::testing::TempDir() + name;
  EXPECT_EQ(mkdir(folder.c_str(), 0700), 0);
  for (const auto& [file, bytes] : files) CaptureFile(name + "/" + file, bytes);
  return folder;
}

TEST(PcapTest, WhatIsNoCaptureInAFolderIsSkipped) {
  const std::string one = OnePacket();
  const std::string folder = Folder("tcpdump_G", {{"a.pcap", one},
                                                  {"b.pcap", ""},
                                                  {"c.pcap", one},
                                                  {"d.pcap", one.substr(0, 23)},
                                                  {"e.pcapng", TestPcapng().bytes().substr(0, 20)},
                                                  {"f.pcap.gz", Gzip(one).substr(0, 15)},
                                                  {"g.pcap.xz", "\xfd\x37zXZ"},
                                                  {".hidden", "no capture"},
                                                  {"README", "no capture"},
                                                  {"z.pcap", one}});
  FakeHost host;
  const sdk::Status status = RunFiles(&host, {folder});
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(host.records().size(), 3u);
  EXPECT_EQ(host.metric("weir_pcap_files_total"), 3);
  const auto skipped = [&](const std::string& reason) {
    return host.metric("weir_pcap_skipped_files_total", reason);
  };
  EXPECT_EQ(skipped("empty"), 1);
  EXPECT_EQ(skipped("header"), 3);
  EXPECT_EQ(skipped("not_a_capture"), 1);
  EXPECT_EQ(skipped("compression"), 1);
  EXPECT_EQ(skipped("vanished"), 0);
  EXPECT_EQ(skipped("unreadable"), 0);
  EXPECT_TRUE(host.HasLog("b.pcap: the file is empty (the file is skipped)"));
  EXPECT_TRUE(host.HasLog("README: unknown file format (the file is skipped)"));
}

TEST(PcapTest, AFileThatVanishesFromAFolderIsSkipped) {
  const std::string folder = Folder("ring", {{"a", OnePacket()}, {"b", OnePacket()}});
  FakeHost host;
  const auto source = Make(&host, Config({folder}));
  ASSERT_TRUE(source->Start().ok());
  ASSERT_EQ(unlink((folder + "/a").c_str()), 0);
  EXPECT_TRUE(source->Run().ok());
  EXPECT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.metric("weir_pcap_skipped_files_total", "vanished"), 1);
}

// root may read any file: what nobody can read stands for those without permission.
TEST(PcapTest, AFileThatCannotBeReadInAFolderIsSkipped) {
  const std::string folder = Folder("unreadable", {{"a", OnePacket()}, {"b", OnePacket()}});
  ASSERT_EQ(symlink("loop", (folder + "/loop").c_str()), 0);
  // The kernel reads no memory at address 0.
  ASSERT_EQ(symlink("/proc/self/mem", (folder + "/memory").c_str()), 0);
  FakeHost host;
  auto source = Make(&host, Config({folder}));
  ASSERT_TRUE(source->Start().ok());
  ASSERT_EQ(unlink((folder + "/a").c_str()), 0);
  ASSERT_EQ(mkdir((folder + "/a").c_str(), 0700), 0);  // in place of the file
  const sdk::Status status = source->Run();
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(source->Stop().ok());
  EXPECT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.metric("weir_pcap_skipped_files_total", "unreadable"), 3);
  EXPECT_TRUE(host.HasLog("/loop: Too many levels of symbolic links (the file is skipped)"));
  EXPECT_TRUE(host.HasLog("/a: read: Is a directory (the file is skipped)"));
  EXPECT_TRUE(host.HasLog("/memory: read: Input/output error (the file is skipped)"));
  // The user names it: the run ends.
  for (const char* const name : {"/loop", "/memory"}) {
    FakeHost named;
    EXPECT_FALSE(RunFiles(&named, {folder + name}).ok()) << name;
  }
}

TEST(PcapTest, FilesOfAFolderDoNotFillTheLog) {
  std::vector<std::pair<std::string, std::string>> files = {{"z", OnePacket()}};
  for (int i = 0; i < 50; ++i) files.emplace_back("empty" + std::to_string(i), "");
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {Folder("many", files)}).ok());
  EXPECT_EQ(host.metric("weir_pcap_skipped_files_total", "empty"), 50);
  EXPECT_TRUE(host.HasLog("/empty19: the file is empty"));
  EXPECT_FALSE(host.HasLog("/empty20: the file is empty"));
  EXPECT_TRUE(host.HasLog("30 more warnings of single files were left out"));
}

TEST(PcapTest, NumbersInNamesAreNumbers) {
  const std::string folder = Folder("tcpdump_C", {{"out.pcap", OnePacket(0)},
                                                  {"out.pcap1", OnePacket(1)},
                                                  {"out.pcap10", OnePacket(4)},
                                                  {"out.pcap2", OnePacket(2)},
                                                  {"out.pcap09", OnePacket(3)}});
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {folder}).ok());
  ASSERT_EQ(host.records().size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(host.records()[i].bytes, Frame(i).size());
}

TEST(PcapTest, ARunThatReadsNothingSaysWhy) {
  TestCaptureOptions options;
  options.link_type = pcap::kTestUnknown;
  TestPcap unknown(options);
  unknown.Add("one");
  unknown.Add("two");
  FakeHost host;
  sdk::Status status = RunFiles(&host, {CaptureFile("unknown.pcap", unknown.bytes())});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(),
            "none of 2 packets could be used, because weir does not know their links: link type "
            "147");
  const std::string damaged = CaptureFile("damaged.pcap", OnePacket().substr(0, 50));
  status = RunFiles(&host, {damaged});
  EXPECT_EQ(status.message().rfind("no packet could be read: " + damaged + ": ends after 0", 0),
            0u);
  const std::string folder = Folder("nothing", {{"a", ""}});
  EXPECT_EQ(RunFiles(&host, {folder}).message(),
            "no packet could be read: " + folder + "/a: the file is empty");
  // A capture of no packets is whole.
  EXPECT_TRUE(RunFiles(&host, {CaptureFile("none.pcap", TestPcap().bytes())}).ok());
}

}  // namespace
}  // namespace weir::sources
