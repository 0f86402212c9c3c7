// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/formats/capture_reader.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "plugins/sdk/status.h"
#include "sources/pcap/formats/captured_packet.h"
#include "sources/pcap/formats/compare_with_libpcap.h"
#include "sources/pcap/formats/interface_table.h"
#include "sources/pcap/testing/memory_stream.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::pcap {
namespace {

// Larger than the buffer, and as large as a packet may be.
constexpr size_t kLarge = CaptureBuffer::kCapacity + 1000;
constexpr size_t kLargest = 262'144;

TestCaptureOptions Options(bool nanoseconds, bool swapped) {
  TestCaptureOptions options;
  options.nanoseconds = nanoseconds;
  options.swapped = swapped;
  return options;
}

// A record that TestPcap would not write.
std::string Record(uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t original,
                   std::string_view bytes, bool swapped = false) {
  const TestIntegers integers(swapped);
  return integers.U32(seconds) + integers.U32(fraction) + integers.U32(captured) +
         integers.U32(original) + std::string(bytes);
}

// Reads a file in many manners, and expects what libpcap says of it: `packets` and an error
// that begins with `error`.
void ExpectAsLibpcap(const std::string& file, size_t packets, const std::string& error = "") {
  const CaptureText expected = ReadWithLibpcap(file);
  EXPECT_EQ(expected.packets.size(), packets);
  EXPECT_EQ(expected.error.substr(0, error.empty() ? 1 : error.size()), error) << expected.error;
  for (const ReadingManner manner :
       {ReadingManner{}, {1 << 20, 1}, {1, 3}, {4096, 7}, {17, 1000}, {30'000, 2}}) {
    EXPECT_EQ(CompareWithLibpcap(file, manner), "")
        << manner.bytes_at_once << " bytes at once, " << manner.packets_at_once << " packets";
  }
}

class CaptureReaderTest : public ::testing::TestWithParam<TestCaptureOptions> {
 protected:
  std::string Header() const { return TestPcap(GetParam()).bytes(); }
  uint32_t fractions() const { return GetParam().nanoseconds ? 1'000'000'000 : 1'000'000; }
  std::string Record(uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t original,
                     std::string_view bytes) const {
    return pcap::Record(seconds, fraction, captured, original, bytes, GetParam().swapped);
  }
};

TEST_P(CaptureReaderTest, RecordsOfAllSizes) {
  std::string file = Header();
  ExpectAsLibpcap(file, 0);
  size_t packets = 0;
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{60}, size_t{1514}, size_t{65'535},
        CaptureBuffer::kCapacity - 17, CaptureBuffer::kCapacity - 16, CaptureBuffer::kCapacity - 15,
        kLarge, size_t{5}, kLargest, size_t{7}}) {
    const auto bytes = static_cast<uint32_t>(size);
    file += Record(bytes, bytes, bytes, bytes + 3, std::string(size, 'a' + packets % 26));
    ++packets;
  }
  ExpectAsLibpcap(file, packets);
}

TEST_P(CaptureReaderTest, TimesAndSizesAtTheirEdges) {
  std::string file = Header();
  size_t packets = 0;
  for (const uint32_t seconds : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    for (const uint32_t fraction :
         {0u, 1u, fractions() - 1, fractions(), 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
      file += Record(seconds, fraction, 4, 0xffffffff, "data");
      file += Record(seconds, fraction, 4, 0, "more");
      packets += 2;
    }
  }
  ExpectAsLibpcap(file, packets);
}

TEST_P(CaptureReaderTest, WhatIsCutOffOrDamaged) {
  const std::string whole = Header() + Record(1, 2, 6, 100, "packet");
  for (size_t size = 1; size < 6 + 16; ++size) {
    const std::string half = Record(3, 4, 6, 6, "second").substr(0, size);
    ExpectAsLibpcap(whole + half, 1, "truncated dump file");
  }
  ExpectAsLibpcap(whole + Record(3, 4, kLarge, kLarge, "cut off"), 1, "truncated dump file");
  ExpectAsLibpcap(whole + Record(3, 4, kLargest + 1, 1, "packet") + Record(5, 6, 1, 1, "b"), 1,
                  "invalid packet capture length");
  ExpectAsLibpcap(whole + Record(3, 4, 0xffffffff, 1, "packet"), 1,
                  "invalid packet capture length");
}

// libpcap reads them, and hands over as much of them as the file says it has.
TEST_P(CaptureReaderTest, PacketsThatAreLongerThanTheFileSays) {
  TestCaptureOptions options = GetParam();
  options.snaplen = 5;
  std::string file = TestPcap(options).bytes();
  file += Record(1, 2, 5, 9, "first") + Record(3, 4, 9, 9, "second...") +
          Record(5, 6, kLarge, 9, std::string(kLarge, 'x')) + Record(7, 8, 3, 3, "end");
  ExpectAsLibpcap(file, 4);
  EXPECT_EQ(ReadWithCaptureReader(file, {}).packets.at(1).content, "9 bytes: 7365636f6e");
}

INSTANTIATE_TEST_SUITE_P(Formats, CaptureReaderTest,
                         ::testing::Values(Options(false, false), Options(false, true),
                                           Options(true, false), Options(true, true)),
                         [](const auto& info) {
                           return std::string(info.param.nanoseconds ? "nanoseconds"
                                                                     : "microseconds") +
                                  (info.param.swapped ? "_swapped" : "");
                         });

// Of some links libpcap changes headers within packets.
TEST_P(CaptureReaderTest, LinksOfAllTypes) {
  std::string packet;
  for (int i = 0; i < 200; ++i) packet += static_cast<char>(i % 7 == 0 ? i : 0);
  for (uint32_t type = 0; type < 300; ++type) {
    TestCaptureOptions options = GetParam();
    options.link_type = type;
    TestPcap capture(options);
    capture.Add(packet);
    // Of CAN, where the link is Linux' cooked one.
    capture.Add(packet.replace(14, 2, "\0\x0c", 2));
    capture.Add(packet.replace(0, 2, "\0\x0c", 2));
    EXPECT_EQ(CompareWithLibpcap(capture.bytes(), {}), "") << type;
  }
}

// Headers that only libpcap knows what to do with.
TEST(CaptureReaderHeaderTest, OtherFormats) {
  const std::string usual = TestPcap().bytes();
  const std::string record = Record(1, 2, 6, 100, "packet");
  const auto with = [&](size_t at, const std::string& bytes) {
    std::string header = usual;
    header.replace(at, bytes.size(), bytes);
    return header;
  };
  const TestIntegers integers(false);
  // In version 2.2 sizes stand the other way round, in 2.3 they may.
  const std::string other = Record(1, 2, 100, 6, "packet");
  ExpectAsLibpcap(with(6, integers.U16(2)) + other, 1);
  ExpectAsLibpcap(with(6, integers.U16(3)) + record + other, 2);
  ExpectAsLibpcap(with(4, integers.U16(3)) + record, 0, "unsupported");
  ExpectAsLibpcap(with(6, integers.U16(5)) + record, 0, "unsupported");
  // With more in front of each packet.
  ExpectAsLibpcap(with(0, integers.U32(0xa1b2cd34)) + record.substr(0, 16) + "12345678packet", 1);
  // Snapshot lengths that cannot be.
  ExpectAsLibpcap(with(16, integers.U32(0)) + record, 1);
  ExpectAsLibpcap(with(16, integers.U32(0x80000000)) + record, 1);
  ExpectAsLibpcap(with(16, integers.U32(0x7fffffff)) + record, 1);
  ExpectAsLibpcap("", 0, "truncated dump file");
  // libpcap leaves out the magic where it says how many bytes it got.
  for (size_t size = 1; size < usual.size(); ++size) {
    EXPECT_EQ(ReadWithCaptureReader(usual.substr(0, size), {}).error,
              "truncated dump file; it has " + std::to_string(size) +
                  " of the 24 bytes of the file header");
    ExpectAsLibpcap(usual.substr(0, size), 0, "truncated dump file");
  }
}

TEST(CaptureReaderStopTest, EndsBehindThePacketAtWhichItWasStopped) {
  TestPcap plain;
  TestPcapng next_generation;
  for (int i = 0; i < 5; ++i) {
    plain.Add(std::to_string(i));
    next_generation.Add(std::to_string(i));
  }
  for (const std::string& file : {plain.bytes(), next_generation.bytes()}) {
    const std::atomic<bool> interrupted{false};
    MemoryStream stream(file);
    InterfaceTable table;
    OpenFailure failure{};
    auto reader = CaptureReader::Open(&stream, &interrupted, &table, &failure);
    ASSERT_TRUE(reader.ok());
    std::string seen;
    auto handler = [&](const CapturedPacket& packet) {
      seen += static_cast<char>(packet.bytes[0]);
      if (seen == "01") (*reader)->Stop();
    };
    sdk::Result<int> first = (*reader)->Read(10, &handler);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(seen, "01");
  }
}

TEST(CaptureReaderStopTest, SeemsToEndOnceInterrupted) {
  TestPcap capture;
  capture.Add(std::string(CaptureBuffer::kCapacity / 2, 'a'));
  capture.Add(std::string(CaptureBuffer::kCapacity / 2, 'b'));
  std::atomic<bool> interrupted{false};
  MemoryStream stream(capture.bytes());
  InterfaceTable table;
  OpenFailure failure{};
  auto reader = CaptureReader::Open(&stream, &interrupted, &table, &failure);
  ASSERT_TRUE(reader.ok());
  int packets = 0;
  auto handler = [&](const CapturedPacket&) {
    ++packets;
    interrupted = true;
  };
  while (true) {
    sdk::Result<int> read = (*reader)->Read(10, &handler);
    if (!read.ok() || *read == 0) break;
  }
  EXPECT_EQ(packets, 1);
}

}  // namespace
}  // namespace weir::pcap
