// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/formats/compare_with_libpcap.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "plugins/sdk/status.h"
#include "sources/pcap/formats/capture_reader.h"
#include "sources/pcap/testing/memory_stream.h"

namespace weir::pcap {

namespace {

std::string TextOf(const CapturedPacket& packet) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text =
      std::to_string(packet.time_ns) + " ns, " + std::to_string(packet.original_bytes) + " bytes: ";
  for (uint32_t i = 0; i < packet.captured_bytes; ++i) {
    text += {kDigits[packet.bytes[i] / 16], kDigits[packet.bytes[i] % 16]};
  }
  return text;
}

}  // namespace

CaptureText ReadWithLibpcap(std::string_view file) {
  CaptureText text;
  // Which cannot be of no size.
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
  while ((result = pcap_next_ex(capture, &header, &bytes)) == 1) {
    text.packets.push_back(TextOf(CaptureReader::PacketOf(*header, bytes)));
  }
  if (result != PCAP_ERROR_BREAK) text.error = pcap_geterr(capture);
  pcap_close(capture);
  return text;
}

CaptureText ReadWithCaptureReader(std::string_view file, const ReadingManner& manner) {
  CaptureText text;
  const std::atomic<bool> interrupted{false};
  MemoryStream stream(file, manner.bytes_at_once);
  auto reader = CaptureReader::Open(&stream, &interrupted);
  if (!reader.ok()) {
    text.error = reader.status().message();
    return text;
  }
  auto handler = [&text](const CapturedPacket& packet) { text.packets.push_back(TextOf(packet)); };
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
  if (read.error != expected.error) {
    return "libpcap says '" + expected.error + "', the reader '" + read.error + "'";
  }
  if (read.packets.size() != expected.packets.size()) {
    return "libpcap reads " + std::to_string(expected.packets.size()) + " packets, the reader " +
           std::to_string(read.packets.size());
  }
  const auto [of_libpcap, of_reader] =
      std::mismatch(expected.packets.begin(), expected.packets.end(), read.packets.begin());
  if (of_libpcap == expected.packets.end()) return "";
  return "packet " + std::to_string(of_libpcap - expected.packets.begin()) + " of libpcap is '" +
         *of_libpcap + "', of the reader '" + *of_reader + "'";
}

}  // namespace weir::pcap
