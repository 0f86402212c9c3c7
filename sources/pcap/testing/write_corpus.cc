// SPDX-License-Identifier: Apache-2.0
// Writes the corpus of pcap_source_fuzz: bazel run :write_corpus -- FOLDER
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include "bpf/testing/test_packets.h"
#include "sources/pcap/testing/test_capture.h"

namespace {

using weir::pcap::TestCaptureOptions;
using weir::pcap::TestPcap;
using weir::pcap::TestPcapng;

// What pcap_source_fuzz does with the bytes that follow.
constexpr char kGzip = 0;
constexpr char kZstd = 1;
constexpr char kNothing = 2;

template <typename Capture>
std::string Packets(const TestCaptureOptions& options, size_t most) {
  Capture capture(options);
  size_t count = 0;
  for (const weir::ebpf::TestPacket& packet : weir::ebpf::AllPackets()) {
    if (packet.bytes.size() > 200) continue;
    if (count++ == most) break;
    capture.Add(std::string(packet.bytes.begin(), packet.bytes.end()), 1'700'000'000, 1000);
  }
  return capture.bytes();
}

void Write(const std::string& folder, const std::string& name, char how, const std::string& bytes) {
  std::ofstream file(folder + "/" + name, std::ios::binary);
  file << how << bytes;
  if (!file.flush()) std::perror(name.c_str());
}

void WriteFormats(const std::string& folder) {
  for (const bool swapped : {false, true}) {
    for (const bool nanoseconds : {false, true}) {
      TestCaptureOptions options;
      options.swapped = swapped;
      options.nanoseconds = nanoseconds;
      const std::string kind =
          std::string(nanoseconds ? "_nano" : "") + (swapped ? "_swapped" : "") + ".bin";
      Write(folder, "pcap" + kind, kNothing, Packets<TestPcap>(options, 4));
      Write(folder, "pcapng" + kind, kNothing, Packets<TestPcapng>(options, 4));
    }
  }
}

// First files that libpcap reads too, then files that it refuses.
void WritePcapng(const std::string& folder) {
  TestPcapng many;
  many.AddInterface(weir::pcap::kTestEthernet, 262144,
                    many.Option(2, "eth1") + many.Option(9, "\x8a") +
                        many.Option(14, std::string("\x05\0\0\0\0\0\0\0", 8)) + many.Option(0, ""));
  many.AddBlock(5, "statistics");
  many.AddTo(1, "a packet", 1'700'000'000ull << 10, 90, many.Option(2, many.integers().U32(1)));
  many.AddOldTo(0, "an old packet", 7, 13);
  many.AddSimple("a simple packet", 15);
  Write(folder, "pcapng_blocks.bin", kNothing, many.bytes());
  many.AddInterface(weir::pcap::kTestSll, 96, many.Option(2, "any") + many.Option(9, "\x0c"));
  many.AddTo(2, "a cooked packet of sixteen bytes", 1'000'000'000'000, 40);
  many.AddSection(true);
  many.AddInterface(weir::pcap::kTestRaw, 0, many.Option(9, "\x03"));
  many.AddTo(0, "an IP packet", 5, 12, many.Option(2, many.integers().U32(2)));
  Write(folder, "pcapng_sections.bin", kNothing, many.bytes());
}

void WriteLinks(const std::string& folder) {
  using namespace weir::pcap;  // NOLINT(google-build-using-namespace): link types
  for (const uint32_t type :
       {kTestNull, kTestRaw, kTestWifi, kTestLoop, kTestSll, kTestIpv6, kTestSll2}) {
    TestCaptureOptions options;
    options.link_type = type;
    Write(folder, "link_" + std::to_string(type) + ".bin", kNothing, Packets<TestPcap>(options, 3));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_corpus FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  WriteFormats(folder);
  WritePcapng(folder);
  WriteLinks(folder);
  TestCaptureOptions options;
  const std::string all = Packets<TestPcap>(options, 1000);
  Write(folder, "to_gzip.bin", kGzip, all);
  Write(folder, "to_zstd.bin", kZstd, all);
  Write(folder, "gzip.bin", kNothing, weir::pcap::Gzip(all));
  Write(folder, "zstd.bin", kNothing, weir::pcap::Zstd(all));
  Write(folder, "two_gzip.bin", kNothing,
        weir::pcap::Gzip(all.substr(0, 100)) + weir::pcap::Gzip(all.substr(100)));
  options.snaplen = 40;
  Write(folder, "snapped.bin", kNothing, Packets<TestPcap>(options, 20));
  Write(folder, "cut.bin", kNothing, all.substr(0, 100));
  // A megabyte of empty packets, and of zeros behind a header, from some kilobytes.
  TestPcap empty;
  for (int i = 0; i < 60'000; ++i) empty.Add("");
  Write(folder, "bomb_gzip.bin", kNothing, weir::pcap::Gzip(empty.bytes()));
  Write(folder, "bomb_zstd.bin", kNothing,
        weir::pcap::Zstd(TestPcapng().bytes() + std::string(1 << 20, '\0')));
  return 0;
}
