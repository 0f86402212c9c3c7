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

// What a file holds, as far as it can be read.
struct CaptureText {
  std::vector<std::string> packets;  // times, sizes and bytes
  std::string error;                 // what is wrong with the file, empty: nothing
};

CaptureText ReadWithLibpcap(std::string_view file);
CaptureText ReadWithCaptureReader(std::string_view file, const ReadingManner& manner);

// Empty if both say the same of `file`, else what is different.
std::string CompareWithLibpcap(std::string_view file, const ReadingManner& manner);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_COMPARE_WITH_LIBPCAP_H_
