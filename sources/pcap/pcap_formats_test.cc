// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/pcap/pcap_source.h"
#include "sources/pcap/testing/run_capture.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::sources {
namespace {

using pcap::Gzip;
using pcap::TestCaptureOptions;
using pcap::TestPcap;
using pcap::TestPcapng;
using pcap::Zstd;
using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

struct FormatCase {
  const char* name;
  bool pcapng;
  TestCaptureOptions options;
};

class FormatTest : public ::testing::TestWithParam<FormatCase> {
 protected:
  std::string Capture() const { return GetParam().pcapng ? Fill<TestPcapng>() : Fill<TestPcap>(); }
  void Check(const std::vector<Record>& records) const {
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].bytes, Frame(10).size());
    EXPECT_EQ(records[0].start_wall_time_ns,
              1'661'272'402'000'000'000 + (GetParam().options.nanoseconds ? 999'999 : 999'999'000));
    EXPECT_EQ(records[0].end_wall_time_ns, records[0].start_wall_time_ns);
    EXPECT_EQ(static_cast<int64_t>(records[0].start_mono_time_ns), records[0].start_wall_time_ns);
    EXPECT_EQ(records[0].end_mono_time_ns, records[0].start_mono_time_ns);
    EXPECT_EQ(records[0].src_port, ebpf::kSrcPort);
    EXPECT_EQ(records[1].bytes, Frame(1000).size());
    EXPECT_EQ(records[1].start_wall_time_ns, 4'294'967'295'000'000'000);
  }

 private:
  template <typename Capture>
  std::string Fill() const {
    Capture capture(GetParam().options);
    capture.Add(Frame(10), 1'661'272'402, 999'999);
    capture.Add(Frame(1000), 0xffffffff, 0);
    return capture.bytes();
  }
};

TEST_P(FormatTest, IsRead) { Check(RecordsOf(Capture())); }
TEST_P(FormatTest, IsReadOutOfGzip) { Check(RecordsOf(Gzip(Capture()))); }
TEST_P(FormatTest, IsReadOutOfZstd) { Check(RecordsOf(Zstd(Capture()))); }

constexpr TestCaptureOptions Options(bool nanoseconds, bool swapped) {
  TestCaptureOptions options;
  options.nanoseconds = nanoseconds;
  options.swapped = swapped;
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    All, FormatTest,
    ::testing::Values(FormatCase{"pcap", false, Options(false, false)},
                      FormatCase{"pcap_swapped", false, Options(false, true)},
                      FormatCase{"pcap_nanoseconds", false, Options(true, false)},
                      FormatCase{"pcap_nanoseconds_swapped", false, Options(true, true)},
                      FormatCase{"pcapng", true, Options(false, false)},
                      FormatCase{"pcapng_swapped", true, Options(false, true)},
                      FormatCase{"pcapng_nanoseconds", true, Options(true, false)},
                      FormatCase{"pcapng_nanoseconds_swapped", true, Options(true, true)}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(PcapTest, StreamsBehindOneAnotherAreOne) {
  TestPcap capture;
  for (int i = 0; i < 3; ++i) capture.Add(Frame());
  const std::string& bytes = capture.bytes();
  EXPECT_EQ(RecordsOf(Gzip(bytes.substr(0, 50)) + Gzip(bytes.substr(50))).size(), 3u);
  EXPECT_EQ(RecordsOf(Zstd(bytes.substr(0, 50)) + Zstd(bytes.substr(50))).size(), 3u);
  // A frame that is to be skipped, in front.
  const std::string skipped("\x50\x2a\x4d\x18\x04\0\0\0skip", 12);
  EXPECT_EQ(RecordsOf(skipped + Zstd(bytes)).size(), 3u);
}

// As gzip(1) has it. More of them than are read at once.
TEST(PcapTest, ZerosBehindGzipAreNoDamage) {
  const std::string packed = Gzip(OnePacket());
  for (const size_t zeros : {1, 3, 512, 1'000'000}) {
    FakeHost host;
    ASSERT_TRUE(
        RunFiles(&host, {CaptureFile("padded.gz", packed + std::string(zeros, '\0'))}).ok());
    EXPECT_EQ(host.records().size(), 1u);
    EXPECT_EQ(host.metric("weir_pcap_damaged_files_total"), 0) << zeros;
  }
  for (const std::string& behind :
       {std::string("garbage"), std::string("\0garbage", 8), std::string(100'000, '\0') + packed}) {
    FakeHost host;
    ASSERT_TRUE(RunFiles(&host, {CaptureFile("damaged.gz", packed + behind)}).ok());
    EXPECT_EQ(host.records().size(), 1u);
    EXPECT_EQ(host.metric("weir_pcap_damaged_files_total"), 1);
  }
}

TEST(PcapTest, WhatIsCutOffEndsThereAndTheNextFileIsRead) {
  TestPcap capture;
  for (int i = 0; i < 3; ++i) capture.Add(Frame());
  const std::string& whole = capture.bytes();
  const std::string cut = whole.substr(0, whole.size() - 1);
  const std::string packed = Gzip(cut);
  const std::string zstd = Zstd(whole);
  FakeHost host;
  ASSERT_TRUE(
      RunFiles(&host,
               {CaptureFile("cut.pcap", cut), CaptureFile("cut.pcap.gz", packed),
                CaptureFile("damaged.gz", Gzip(whole, Z_NO_COMPRESSION).substr(0, 170)),
                CaptureFile("damaged.zst", zstd + "garbage"), CaptureFile("whole.pcap", whole)})
          .ok());
  EXPECT_EQ(host.metric("weir_pcap_damaged_files_total"), 4);
  EXPECT_EQ(host.records().size(), 2u + 2u + 1u + 3u + 3u);
  EXPECT_TRUE(host.HasLog("cut.pcap: ends after 2 packets, within its first " +
                          std::to_string(cut.size()) +
                          " bytes: truncated dump file; tried to read"));
  EXPECT_TRUE(host.HasLog("gzip: the input ends in the middle of the stream"));
  EXPECT_TRUE(host.HasLog("damaged.zst: ends after 3 packets"));
}

TEST(PcapTest, WhatIsNoCaptureIsAnError) {
  FakeHost host;
  const std::string text = CaptureFile("text", "this is no capture");
  sdk::Status status = RunFiles(&host, {text});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(), text + ": unknown file format");
  status = RunFiles(&host, {CaptureFile("text.gz", Gzip("this is no capture"))});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  const std::string empty = CaptureFile("empty", "");
  status = RunFiles(&host, {empty});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(), empty + ": the file is empty");
  const std::string xz = CaptureFile("a.pcap.xz", "\xfd\x37zXZ and more");
  status = RunFiles(&host, {xz});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(),
            xz + ": the file is compressed by xz, which is not read: unpack it (xz -dc FILE), into "
                 "a file or a pipe");
  EXPECT_NE(
      RunFiles(&host, {CaptureFile("a.pcap.bz2", "BZh91AY")}).message().find("compressed by bzip2"),
      std::string::npos);
  EXPECT_EQ(RunFiles(&host, {"/nonexistent"}).message(),
            "open /nonexistent: No such file or directory");
  const std::string folder = ::testing::TempDir() + "empty_folder";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  EXPECT_EQ(RunFiles(&host, {folder}).message(), "there is no file in " + folder);
  EXPECT_EQ(MakeComponent<PcapSource>(&host, Pcap()).status().message(), "path: is required");
}

TEST(PcapTest, AFileDoesNotAllocateWithoutABound) {
  TestPcapng header;
  TestPcapng with_more;
  with_more.AddInterface(pcap::kTestEthernet);
  const std::string interface = with_more.bytes().substr(header.bytes().size());
  std::string many = header.bytes();
  for (int i = 0; i < 2'000'000; ++i) many += interface;
  FakeHost host;
  TestPcapng packets;
  packets.AddTo(1'999'999, Frame(), 1, 60);
  const std::string one = packets.bytes().substr(header.bytes().size());
  const std::string file = CaptureFile("interfaces.pcapng.gz", Gzip(many + one + one, 1));
  const sdk::Status status = RunFiles(&host, {file});
  EXPECT_EQ(status.message(),
            "none of 2 packets could be used, because a section has more interfaces than the 65536 "
            "that weir keeps");
  ASSERT_TRUE(RunFiles(&host, {CaptureFile("more.pcapng.gz", Gzip(many + one, 1)),
                               CaptureFile("one.pcapng", OnePacket())})
                  .ok());
  EXPECT_EQ(host.dropped("interface_limit"), 3u);
  EXPECT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.metric("weir_pcap_damaged_files_total"), 0);
  EXPECT_TRUE(
      host.HasLog("interfaces.pcapng.gz: a section has more interfaces than the 65536 that "
                  "weir keeps: packets of the others are counted as dropped"));
}

TEST(PcapTest, AnOptionOfAWrongLengthIsToldAndIgnored) {
  TestPcapng capture;
  for (int i = 0; i < 3; ++i) {
    capture.AddInterface(pcap::kTestEthernet, 0, capture.Option(9, "12"));
  }
  capture.AddTo(2, Frame(), 7, 60);
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {CaptureFile("option.pcapng", capture.bytes())}).ok());
  ASSERT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.records()[0].start_wall_time_ns, 7000);
  EXPECT_EQ(host.metric("weir_pcap_ignored_options_total"), 3);
  EXPECT_TRUE(
      host.HasLog("option.pcapng: the pcapng block at offset 48 has an if_tsresol of a "
                  "wrong length: it is ignored"));
}

}  // namespace
}  // namespace weir::sources
