// SPDX-License-Identifier: Apache-2.0
// Whether CaptureReader reads a file as libpcap alone does. Tests and fuzzers only.
#ifndef WEIR_SOURCES_PCAP_FORMATS_COMPARE_WITH_LIBPCAP_H_
#define WEIR_SOURCES_PCAP_FORMATS_COMPARE_WITH_LIBPCAP_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir::pcap {

// How the file is read: neither may make a difference.
struct ReadingManner {
  size_t bytes_at_once = 64 * 1024;  // that the stream gives
  int packets_at_once = 1024;        // of a call of Read
};

// Empty where it cannot be compared.
struct PacketText {
  std::string time;
  std::string content;  // sizes and bytes
};

// What a file holds, as far as it can be read.
struct CaptureText {
  std::vector<PacketText> packets;
  std::string error;  // what is wrong with the file, empty: nothing
};

CaptureText ReadWithLibpcap(std::string_view file);
CaptureText ReadWithCaptureReader(std::string_view file, const ReadingManner& manner);

// Empty if the reader has read `file` as it should, else what is wrong. Of a pcap file both
// have to say the same. Of a pcapng file:
// - Where libpcap reads all, so does the reader, and the packets are the same.
// - Where libpcap finds damage, so does the reader, behind the same packets.
// - libpcap does not support several things that are valid: interfaces with different links or
//   snapshot lengths, a change of the byte order, large blocks, fine time resolutions and some
//   others. Then the packets before are the same.
// - Times of resolutions finer than 2^-34 s, in which libpcap overflows, are not compared,
//   nor is the content of links whose headers libpcap changes.
std::string CompareWithLibpcap(std::string_view file, const ReadingManner& manner);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_COMPARE_WITH_LIBPCAP_H_
