// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/diagnosis.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/pcap/pcap.pb.h"
#include "sources/pcap/pcap_source.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::sources {
namespace {

using pcap::TestPcap;
using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

class DiagnoseCapturesTest : public ::testing::Test {
 protected:
  DiagnoseCapturesTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

  std::string File(const std::string& name, const std::string& bytes) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::string OnePacket() {
    TestPcap capture;
    capture.Add(std::string(60, 'x'));
    return capture.bytes();
  }

  std::vector<sdk::Finding> Diagnose(const std::vector<std::string>& paths) {
    Pcap config;
    for (const std::string& path : paths) config.add_path(path);
    FakeHost host;
    auto source = MakeComponent<PcapSource>(&host, config);
    EXPECT_TRUE(source.ok()) << source.status().message();
    return host.Diagnose(source->get());
  }
  // What is found of one path, which must be refused by a run too.
  std::string WhyMissing(const std::string& path) {
    const std::vector<sdk::Finding> findings = Diagnose({path});
    EXPECT_EQ(findings.back().severity, WEIR_FINDING_MISSING);
    EXPECT_EQ(findings.back().subject, "path");
    EXPECT_EQ(findings.back().text, RunError(path));
    return findings.back().text;
  }
  std::string RunError(const std::string& path) {
    Pcap config;
    config.add_path(path);
    FakeHost host;
    auto source = MakeComponent<PcapSource>(&host, config);
    sdk::Status status = (*source)->Start();
    if (!status.ok()) return status.message();
    status = (*source)->Run();
    EXPECT_TRUE((*source)->Stop().ok());
    return status.message();
  }

  const std::string folder_ = ::testing::TempDir() + "diagnose_captures";
};

TEST_F(DiagnoseCapturesTest, DescribesWhatARunWouldRead) {
  const std::string file = File("a.pcap", OnePacket());
  const std::string compressed = File("b.pcap.gz", pcap::Gzip(OnePacket()));
  const std::vector<sdk::Finding> findings = Diagnose({file, compressed, folder_});
  ASSERT_EQ(findings.size(), 3u);
  for (const sdk::Finding& finding : findings) EXPECT_EQ(finding.severity, WEIR_FINDING_OK);
  EXPECT_EQ(findings[0].text, file + ": a capture of 100 B");
  EXPECT_EQ(findings[1].text.find(compressed + ": a capture of "), 0u);
  EXPECT_EQ(findings[2].text.find(folder_ + ": a folder with 2 files of "), 0u);
}

TEST_F(DiagnoseCapturesTest, WhatARunRefusesIsMissingWithTheSameWords) {
  EXPECT_EQ(WhyMissing(folder_ + "/none"), "open " + folder_ + "/none: No such file or directory");
  EXPECT_EQ(WhyMissing(File("empty", "")), folder_ + "/empty: the file is empty");
  WhyMissing(File("cut", OnePacket().substr(0, 10)));
  WhyMissing(File("text", "This file has never been a capture."));
  WhyMissing(File("broken.gz", pcap::Gzip(OnePacket()).substr(0, 12)));
  WhyMissing(File("packed.xz", "\xfd\x37zXZ and what follows"));
  std::filesystem::create_directory(folder_ + "/nothing");
  EXPECT_EQ(WhyMissing(folder_ + "/nothing"), "there is no file in " + folder_ + "/nothing");
}

TEST_F(DiagnoseCapturesTest, AFolderWithoutACaptureIsMissing) {
  File("a.txt", "This file has never been a capture.");
  File("b", "");
  EXPECT_EQ(WhyMissing(folder_).find("no packet could be read: " + folder_ + "/a.txt: "), 0u);
  const std::string empty = folder_ + "/nothing";
  std::filesystem::create_directory(empty);
  for (const auto& paths : {std::vector{empty, folder_}, std::vector{folder_, empty}}) {
    const std::vector<sdk::Finding> findings = Diagnose(paths);
    ASSERT_EQ(findings.size(), 3u);
    EXPECT_EQ(findings[0].severity, WEIR_FINDING_OK);
    EXPECT_EQ(findings[1].severity, WEIR_FINDING_OK);
    EXPECT_EQ(findings[2].severity, WEIR_FINDING_MISSING);
    EXPECT_EQ(findings[2].text.find("no packet could be read: " + folder_ + "/a.txt: "), 0u);
  }
  // One capture suffices.
  File("c.pcap", OnePacket());
  const std::vector<sdk::Finding> findings = Diagnose({folder_});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_OK);
}

TEST_F(DiagnoseCapturesTest, EachPathHasItsFinding) {
  std::filesystem::create_directory(folder_ + "/nothing");
  const std::string file = File("a.pcap", OnePacket());
  const auto findings = Diagnose({folder_ + "/none", folder_ + "/nothing", file});
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(findings[1].text, folder_ + "/nothing: an empty folder");
  EXPECT_EQ(findings[2].severity, WEIR_FINDING_OK);
}

// A writer that waits in open(2) would go on, and die of SIGPIPE.
TEST_F(DiagnoseCapturesTest, ANamedPipeIsNotOpened) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::vector<sdk::Finding> findings = Diagnose({path});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_OK);
  EXPECT_EQ(findings[0].text, path + ": a named pipe");
}

}  // namespace
}  // namespace weir::sources
