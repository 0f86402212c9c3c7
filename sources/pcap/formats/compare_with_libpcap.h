// SPDX-License-Identifier: Apache-2.0
// Compares CaptureReader with libpcap on the same file. For tests and fuzzers only.
#ifndef WEIR_SOURCES_PCAP_FORMATS_COMPARE_WITH_LIBPCAP_H_
#define WEIR_SOURCES_PCAP_FORMATS_COMPARE_WITH_LIBPCAP_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir::pcap {

// How the file is read. The result must not depend on it.
struct ReadingManner {
  size_t bytes_at_once = 64 * 1024;  // from each Read of the stream
  int packets_at_once = 1024;        // from each call of Read
};

// A field is empty if it cannot be compared.
struct PacketText {
  std::string time;
  std::string content;  // sizes and bytes
};

// The readable content of a file.
struct CaptureText {
  std::vector<PacketText> packets;
  std::string error;  // the fault of the file; empty: none
};

CaptureText ReadWithLibpcap(std::string_view file);
CaptureText ReadWithCaptureReader(std::string_view file, const ReadingManner& manner);

// Returns an empty string if the reader read `file` correctly, otherwise what is wrong. For a pcap
// file both must give the same result. For a pcapng file:
// - If libpcap reads the whole file, the reader reads the same packets.
// - If libpcap finds damage, the reader finds it after the same packets.
// - libpcap does not support several valid things, such as interfaces with different link types or
//   snapshot lengths, a change of the byte order, large blocks and fine time resolutions. In such a
//   file only the packets before these are compared.
// - Times finer than 2^-34 s, at which libpcap overflows, are not compared. Neither is the content
//   of packets whose headers libpcap changes.
std::string CompareWithLibpcap(std::string_view file, const ReadingManner& manner);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_COMPARE_WITH_LIBPCAP_H_
