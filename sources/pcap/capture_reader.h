// SPDX-License-Identifier: Apache-2.0
// Reads packets of a pcap or pcapng file with libpcap.
#ifndef WEIR_SOURCES_PCAP_CAPTURE_READER_H_
#define WEIR_SOURCES_PCAP_CAPTURE_READER_H_

#include <pcap/pcap.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "plugins/sdk/status.h"
#include "sources/pcap/byte_stream.h"

namespace weir::pcap {

// Nanoseconds since 1970 of a packet of a CaptureReader, from 0 to 2262: what is earlier or
// later is one of these. The 32 bits of seconds in a pcap file have no sign, as its
// specification says, and so reach until 2106; libpcap gives them one or not.
inline uint64_t TimeOf(const pcap_pkthdr& header) {
  constexpr int64_t kLast = INT64_MAX;
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t seconds = header.ts.tv_sec;
  if (seconds < 0 && seconds >= INT32_MIN) seconds += int64_t{1} << 32;
  int64_t time = 0;
  if (__builtin_mul_overflow(seconds, kSecond, &time) ||
      __builtin_add_overflow(time, int64_t{header.ts.tv_usec}, &time)) {
    return seconds < 0 ? 0 : kLast;
  }
  return time < 0 ? 0 : static_cast<uint64_t>(time);
}

// One thread, but for what it says of `interrupted`.
class CaptureReader {
 public:
  // Reads the beginning of the file that `stream` holds; DATA_LOSS if it is no capture.
  // Both must outlive it. Once `interrupted` is true, which another thread may make it,
  // the file seems to end.
  static sdk::Result<std::unique_ptr<CaptureReader>> Open(ByteStream* stream,
                                                          const std::atomic<bool>* interrupted);
  ~CaptureReader();
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;

  // Hands up to `most` packets, 1 at least, to `handler`, which is called with a
  // pcap_pkthdr and the captured bytes, both valid during the call. How many there were:
  // fewer at the end and if the handler called Stop, which can be 0. DATA_LOSS: the file is
  // damaged or cut off, which is told once all before was handed over.
  template <typename Handler>
  sdk::Result<int> Read(int most, Handler* handler) {
    return Dispatch(
        most,
        [](u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
          (*reinterpret_cast<Handler*>(user))(*header, bytes);
        },
        reinterpret_cast<u_char*>(handler));
  }

  // From inside a handler: this was the last packet for now.
  void Stop() { pcap_breakloop(capture_.get()); }

  // A DLT_* of libpcap.
  int link_type() const { return pcap_datalink(capture_.get()); }
  // What was read of the file, unpacked: as far as any damage, and up to a buffer further.
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct Close {
    void operator()(pcap_t* capture) const { pcap_close(capture); }
  };

  CaptureReader(ByteStream* stream, const std::atomic<bool>* interrupted);

  // A cookie_read_function_t.
  static ssize_t ReadCookie(void* reader, char* to, size_t size);
  sdk::Status OpenFile();
  sdk::Result<int> Dispatch(int most, pcap_handler handler, u_char* user);
  // The stream's own error, where there was one, is behind what libpcap says.
  sdk::Status ErrorOf(const char* message) const;

  ByteStream* const stream_;
  const std::atomic<bool>* const interrupted_;
  std::vector<char> buffer_;
  uint64_t bytes_read_ = 0;
  sdk::Status stream_status_;
  std::unique_ptr<pcap_t, Close> capture_;  // before buffer_ goes
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_CAPTURE_READER_H_
