// SPDX-License-Identifier: Apache-2.0
// Makes captures in memory, plain and compressed. For tests, fuzzers and benchmarks only.
#ifndef WEIR_SOURCES_PCAP_TESTING_TEST_CAPTURE_H_
#define WEIR_SOURCES_PCAP_TESTING_TEST_CAPTURE_H_

#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace weir::pcap {

// LINKTYPE_* numbers of the file format, not libpcap's DLT_*.
enum TestLinkType : uint32_t {
  kTestNull = 0,
  kTestEthernet = 1,
  kTestRaw = 101,
  kTestWifi = 105,
  kTestLoop = 108,
  kTestSll = 113,
  kTestUnknown = 147,  // for private use
  kTestIpv4 = 228,
  kTestIpv6 = 229,
  kTestSll2 = 276,
};

// Integers in the byte order of this machine, or in the other one.
class TestIntegers {
 public:
  explicit TestIntegers(bool swapped) : swapped_(swapped) {}

  std::string U16(uint16_t value) const {
    if (swapped_) value = __builtin_bswap16(value);
    return {reinterpret_cast<const char*>(&value), sizeof(value)};
  }
  std::string U32(uint32_t value) const {
    if (swapped_) value = __builtin_bswap32(value);
    return {reinterpret_cast<const char*>(&value), sizeof(value)};
  }

 private:
  bool swapped_;
};

struct TestCaptureOptions {
  uint32_t link_type = kTestEthernet;
  bool nanoseconds = false;
  bool swapped = false;
  uint32_t snaplen = 262144;
};

// A pcap file.
class TestPcap {
 public:
  explicit TestPcap(const TestCaptureOptions& options = {})
      : options_(options), integers_(options.swapped) {
    bytes_ = integers_.U32(options.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4) + integers_.U16(2) +
             integers_.U16(4) + integers_.U32(0) + integers_.U32(0) +
             integers_.U32(options.snaplen) + integers_.U32(options.link_type);
  }

  // `fraction` has the unit of the file. The packet is cut to the snapshot length.
  void Add(std::string_view packet, uint32_t seconds = 1, uint32_t fraction = 0) {
    const std::string_view kept = packet.substr(0, options_.snaplen);
    bytes_ += integers_.U32(seconds) + integers_.U32(fraction) +
              integers_.U32(static_cast<uint32_t>(kept.size())) +
              integers_.U32(static_cast<uint32_t>(packet.size()));
    bytes_ += kept;
  }

  const std::string& bytes() const { return bytes_; }

 private:
  const TestCaptureOptions options_;
  const TestIntegers integers_;
  std::string bytes_;
};

// A pcapng file. It begins with a section that has one interface, with times in microseconds, or in
// nanoseconds if the options say so.
class TestPcapng {
 public:
  explicit TestPcapng(const TestCaptureOptions& options = {})
      : options_(options), integers_(options.swapped) {
    AddSection(options.swapped);
    AddInterface(options.link_type);
  }

  // Adds a section without interfaces, in this byte order.
  void AddSection(bool swapped) {
    integers_ = TestIntegers(swapped);
    AddBlock(0x0a0d0d0a, integers_.U32(0x1a2b3c4d) + integers_.U16(1) + integers_.U16(0) +
                             integers_.U32(0xffffffff) + integers_.U32(0xffffffff));
  }

  void AddInterface(uint32_t link_type) {
    AddInterface(link_type, options_.snaplen,
                 options_.nanoseconds ? Option(9, "\x09") + Option(0, "") : "");
  }
  // With these options (see Option).
  void AddInterface(uint32_t link_type, uint32_t snaplen, const std::string& options) {
    AddBlock(1, integers_.U16(static_cast<uint16_t>(link_type)) + integers_.U16(0) +
                    integers_.U32(snaplen) + options);
  }

  // An option of any block, padded.
  std::string Option(uint16_t code, const std::string& value) const {
    std::string option =
        integers_.U16(code) + integers_.U16(static_cast<uint16_t>(value.size())) + value;
    option.resize((option.size() + 3) / 4 * 4);
    return option;
  }

  void Add(std::string_view packet, uint32_t seconds = 1, uint32_t fraction = 0) {
    AddTo(0, packet.substr(0, options_.snaplen),
          uint64_t{seconds} * (options_.nanoseconds ? 1'000'000'000 : 1'000'000) + fraction,
          static_cast<uint32_t>(packet.size()));
  }
  // Adds an Enhanced Packet Block with `kept` of a packet of `size` bytes.
  void AddTo(uint32_t interface, std::string_view kept, uint64_t ticks, uint32_t size,
             const std::string& options = "") {
    AddBlock(6, integers_.U32(interface) + TimedPacket(kept, ticks, size) + options);
  }
  // Adds an obsolete Packet Block.
  void AddOldTo(uint16_t interface, std::string_view kept, uint64_t ticks, uint32_t size,
                const std::string& options = "") {
    AddBlock(
        2, integers_.U16(interface) + integers_.U16(7) + TimedPacket(kept, ticks, size) + options);
  }
  // Adds a Simple Packet Block.
  void AddSimple(std::string_view kept, uint32_t size) {
    AddBlock(3, integers_.U32(size) + std::string(kept));
  }

  void AddBlock(uint32_t type, std::string body) {
    body.resize((body.size() + 3) / 4 * 4);
    const std::string size = integers_.U32(static_cast<uint32_t>(body.size() + 12));
    bytes_ += integers_.U32(type) + size + body + size;
  }

  const TestIntegers& integers() const { return integers_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string TimedPacket(std::string_view kept, uint64_t ticks, uint32_t size) const {
    std::string body = integers_.U32(static_cast<uint32_t>(ticks >> 32)) +
                       integers_.U32(static_cast<uint32_t>(ticks)) +
                       integers_.U32(static_cast<uint32_t>(kept.size())) + integers_.U32(size);
    body += kept;
    body.resize((body.size() + 3) / 4 * 4);
    return body;
  }

  const TestCaptureOptions options_;
  TestIntegers integers_;
  std::string bytes_;
};

inline std::string Gzip(std::string_view bytes, int level = Z_DEFAULT_COMPRESSION) {
  constexpr int kGzip = MAX_WBITS + 16;
  z_stream z{};
  if (deflateInit2(&z, level, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  std::string result(deflateBound(&z, bytes.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(result.data());
  z.avail_out = static_cast<uInt>(result.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) std::abort();
  result.resize(z.total_out);
  deflateEnd(&z);
  return result;
}

inline std::string Zstd(std::string_view bytes) {
  std::string result(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compress(result.data(), result.size(), bytes.data(), bytes.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size)) std::abort();
  result.resize(size);
  return result;
}

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_TESTING_TEST_CAPTURE_H_
