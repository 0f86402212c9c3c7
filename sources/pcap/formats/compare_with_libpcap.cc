// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/formats/compare_with_libpcap.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "plugins/sdk/status.h"
#include "sources/pcap/formats/capture_reader.h"
#include "sources/pcap/formats/captured_packet.h"
#include "sources/pcap/formats/interface_table.h"
#include "sources/pcap/formats/pcapng_reader.h"
#include "sources/pcap/testing/memory_stream.h"

namespace weir::pcap {

namespace {

std::string Hex(const uint8_t* bytes, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) text += {kDigits[bytes[i] / 16], kDigits[bytes[i] % 16]};
  return text;
}

PacketText TextOf(uint64_t time_ns, uint32_t captured, uint32_t original, const uint8_t* bytes) {
  return {std::to_string(time_ns) + " ns",
          std::to_string(original) + " bytes: " + Hex(bytes, captured)};
}

bool IsPcapng(std::string_view file) {
  return PcapngReader::Recognizes(reinterpret_cast<const uint8_t*>(file.data()), file.size());
}

// Of a packet in pcapng. libpcap adds if_tsoffset to 64-bit seconds without a check for overflow.
uint64_t TimeOfPcapng(const pcap_pkthdr& header) {
  constexpr int64_t kLast = INT64_MAX / 1'000'000'000;
  const int64_t seconds = header.ts.tv_sec;
  if (seconds < 0 || seconds > kLast) return 0;
  return std::min<uint64_t>(
      static_cast<uint64_t>(seconds) * 1'000'000'000 + static_cast<uint64_t>(header.ts.tv_usec),
      INT64_MAX);
}

// libpcap's errors about valid files, and about damage that the reader can skip.
bool IsRefusal(const std::string& error) {
  for (const char* const begin :
       {"an interface has a type", "an interface has a snapshot length",
        "the file has sections with different byte orders", "invalid packet capture length",
        "pcapng block size", "out of memory", "unsupported pcapng savefile version",
        "Interface Description Block", "the capture file has no Interface Description Blocks",
        "Section Header Block in pcapng dump file has invalid length",
        "block of type 1 in pcapng dump file is too short",  // also after opt_endofopt
        "block of type 3 in pcapng dump file is too short"}) {
    if (error.rfind(begin, 0) == 0) return true;
  }
  return false;
}

bool Contains(std::string_view file, const char (&bytes)[5]) {
  return file.find(std::string_view(bytes, 4)) != std::string_view::npos;
}

// libpcap reads the length of a section header in the byte order of the previous section.
bool HasBothByteOrders(std::string_view file) {
  return Contains(file, "\x1a\x2b\x3c\x4d") && Contains(file, "\x4d\x3c\x2b\x1a");
}

bool SamePacket(const PacketText& expected, const PacketText& read) {
  return (read.time == expected.time || read.time.empty()) &&
         (read.content == expected.content || read.content.empty());
}

// libpcap overflows if fractions are finer than 2^-34 s, and if it adds an offset to ticks of one
// second.
bool HasComparableTime(const CapturedPacket& packet) {
  const uint8_t resolution = packet.interface->time_resolution;
  if (!packet.has_time) return false;
  if ((resolution & 0x7f) == 0) return packet.time_ns != 0;
  return resolution <= 0x80 + 34;
}

// Returns an empty string if both read the same packets, as far as libpcap has read.
std::string ComparePackets(const CaptureText& expected, const CaptureText& read, bool all) {
  const size_t packets = expected.packets.size();
  if (all ? read.packets.size() != packets : read.packets.size() < packets) {
    return "libpcap reads " + std::to_string(packets) + " packets, the reader " +
           std::to_string(read.packets.size());
  }
  for (size_t i = 0; i < packets; ++i) {
    if (SamePacket(expected.packets[i], read.packets[i])) continue;
    return "packet " + std::to_string(i) + " of libpcap is '" + expected.packets[i].time + ", " +
           expected.packets[i].content + "', of the reader '" + read.packets[i].time + ", " +
           read.packets[i].content + "'";
  }
  return "";
}

}  // namespace

CaptureText ReadWithLibpcap(std::string_view file) {
  CaptureText text;
  // fmemopen does not accept a size of 0.
  FILE* const stream = file.empty() ? std::fopen("/dev/null", "r")
                                    : fmemopen(const_cast<char*>(file.data()), file.size(), "r");
  if (stream == nullptr) std::abort();
  char message[PCAP_ERRBUF_SIZE] = "";
  pcap_t* const capture =
      pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, message);
  if (capture == nullptr) {
    std::fclose(stream);
    text.error = message;
    return text;
  }
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int result = 0;
  const bool pcapng = IsPcapng(file);
  while ((result = pcap_next_ex(capture, &header, &bytes)) == 1) {
    const uint64_t time = pcapng ? TimeOfPcapng(*header) : CaptureReader::TimeOf(*header);
    text.packets.push_back(TextOf(time, header->caplen, header->len, bytes));
  }
  if (result != PCAP_ERROR_BREAK) text.error = pcap_geterr(capture);
  pcap_close(capture);
  return text;
}

CaptureText ReadWithCaptureReader(std::string_view file, const ReadingManner& manner) {
  CaptureText text;
  const std::atomic<bool> interrupted{false};
  MemoryStream stream(file, manner.bytes_at_once);
  InterfaceTable table;
  OpenFailure failure{};
  auto reader = CaptureReader::Open(&stream, &interrupted, &table, &failure);
  if (!reader.ok()) {
    text.error = reader.status().message();
    return text;
  }
  const bool pcapng = IsPcapng(file);
  auto handler = [&](const CapturedPacket& packet) {
    PacketText read =
        TextOf(packet.time_ns, packet.captured_bytes, packet.original_bytes, packet.bytes);
    const CaptureInterface& interface = *packet.interface;
    if (pcapng && !HasComparableTime(packet)) read.time.clear();
    if (pcapng && !CaptureReader::StandsAsWritten(interface.link_type, interface.swapped)) {
      read.content.clear();
    }
    text.packets.push_back(std::move(read));
  };
  for (int read = 1; read > 0;) {
    sdk::Result<int> result = (*reader)->Read(manner.packets_at_once, &handler);
    if (!result.ok()) {
      text.error = result.status().message();
      break;
    }
    read = *result;
  }
  return text;
}

std::string CompareWithLibpcap(std::string_view file, const ReadingManner& manner) {
  const CaptureText expected = ReadWithLibpcap(file);
  const CaptureText read = ReadWithCaptureReader(file, manner);
  // libpcap does not check the end of the first section header.
  if (IsPcapng(file) && read.error.rfind("the pcapng block at offset 0 ", 0) == 0) return "";
  const bool refused = IsPcapng(file) && !expected.error.empty() &&
                       (IsRefusal(expected.error) || HasBothByteOrders(file));
  const bool same_error = read.error.rfind("truncated dump file; it has ", 0) == 0
                              ? expected.error.rfind("truncated dump file; tried to read ", 0) == 0
                          : IsPcapng(file) ? read.error.empty() == expected.error.empty()
                                           : read.error == expected.error;
  if (!refused && !same_error) {
    return "libpcap says '" + expected.error + "', the reader '" + read.error + "'";
  }
  return ComparePackets(expected, read, !refused);
}

}  // namespace weir::pcap
