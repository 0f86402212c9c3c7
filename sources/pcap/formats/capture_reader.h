// SPDX-License-Identifier: Apache-2.0
// Reads packets of a pcap or pcapng file with libpcap.
//
// The records of a pcap file that are whole and as they should be, which are all in all
// files but a few, it finds itself, without a copy of each: a tenth of what a packet costs
// `weir run`. Whatever else there is in a file, at its beginning and where it is cut off or
// damaged, libpcap has to say.
#ifndef WEIR_SOURCES_PCAP_FORMATS_CAPTURE_READER_H_
#define WEIR_SOURCES_PCAP_FORMATS_CAPTURE_READER_H_

#include <pcap/pcap.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"
#include "sources/pcap/files/capture_buffer.h"

namespace weir::pcap {

struct CapturedPacket {
  // Nanoseconds since 1970, until 2262: what is earlier or later is one of these two. The
  // 32 bits of seconds in a pcap file have no sign, as its specification says, and so reach
  // until 2106.
  uint64_t time_ns;
  uint32_t captured_bytes;  // that are in the file
  uint32_t original_bytes;  // that it had
  const uint8_t* bytes;     // valid while it is handed over
};

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
  // CapturedPacket that is valid during the call. How many there were:
  // fewer at the end and if the handler called Stop, which can be 0. DATA_LOSS: the file is
  // damaged or cut off, which is told once all before was handed over.
  template <typename Handler>
  sdk::Result<int> Read(int most, Handler* handler);

  // From inside a handler: this was the last packet for now.
  void Stop() {
    stopped_ = true;
    if (!layout_.known) pcap_breakloop(capture_.get());
  }

  // A packet as libpcap hands it over, with times in nanoseconds.
  static CapturedPacket PacketOf(const pcap_pkthdr& header, const u_char* bytes);

  // A DLT_* of libpcap.
  int link_type() const { return pcap_datalink(capture_.get()); }
  // What was read of the file, unpacked: as far as any damage, and up to a buffer further.
  uint64_t bytes_read() const { return buffer_.bytes_read(); }

 private:
  struct Close {
    void operator()(pcap_t* capture) const { pcap_close(capture); }
  };

  // How a pcap file's records are written.
  struct Layout {
    bool known = false;  // false: by libpcap alone
    bool swapped = false;
    uint32_t ns_per_fraction = 0;
    uint32_t most_captured = 0;  // bytes of a packet whose record is as it should be
  };

  // draft-ietf-opsawg-pcap, section 5: in front of each packet.
  struct RecordHeader {
    uint32_t seconds;
    uint32_t fraction;
    uint32_t captured;
    uint32_t original;
  };
  static constexpr size_t kFileHeaderBytes = 24;

  CaptureReader(ByteStream* stream, const std::atomic<bool>* interrupted);

  sdk::Status OpenFile();
  // Of a file that begins with these bytes, all but `most_captured`.
  static Layout LayoutOf(const uint8_t* bytes, size_t size);
  // Takes the next record, whose bytes stay in the buffer until it is filled again. False:
  // it is not there whole, or not as it should be, and nothing was taken.
  bool Next(CapturedPacket* packet);
  // The same for what Next has not found in the buffer.
  bool ReadNext(CapturedPacket* packet);
  bool PeekRecord(RecordHeader* record) const;
  uint32_t HostOrder(uint32_t value) const {
    return layout_.swapped ? __builtin_bswap32(value) : value;
  }

  sdk::Result<int> Dispatch(int most, pcap_handler handler, u_char* user);
  // A cookie_read_function_t.
  static ssize_t ReadCookie(void* reader, char* to, size_t size);
  // The stream's own error, where there was one, is behind what libpcap says.
  sdk::Status ErrorOf(const char* message) const;

  CaptureBuffer buffer_;
  // Bytes that libpcap may have: it would read on into records that Next is to find.
  size_t lent_ = 0;
  Layout layout_;
  bool stopped_ = false;
  std::unique_ptr<pcap_t, Close> capture_;  // before buffer_ goes
};

template <typename Handler>
sdk::Result<int> CaptureReader::Read(int most, Handler* handler) {
  stopped_ = false;
  int packets = 0;
  while (packets < most && !stopped_) {
    CapturedPacket packet;
    if (layout_.known && Next(&packet)) {
      (*handler)(packet);
      ++packets;
      continue;
    }
    sdk::Result<int> read = Dispatch(
        layout_.known ? 1 : most - packets,
        [](u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
          (*reinterpret_cast<Handler*>(user))(PacketOf(*header, bytes));
        },
        reinterpret_cast<u_char*>(handler));
    if (!read.ok()) return read;
    if (*read == 0) break;
    packets += *read;
  }
  return packets;
}

inline bool CaptureReader::PeekRecord(RecordHeader* record) const {
  if (buffer_.size() < sizeof(*record)) return false;
  std::memcpy(record, buffer_.data(), sizeof(*record));
  record->fraction = HostOrder(record->fraction);
  record->captured = HostOrder(record->captured);
  return true;
}

inline bool CaptureReader::Next(CapturedPacket* packet) {
  constexpr uint64_t kSecond = 1'000'000'000;
  RecordHeader record;
  if (!PeekRecord(&record) || record.captured > buffer_.size() - sizeof(record)) {
    return ReadNext(packet);
  }
  const uint64_t ns = uint64_t{record.fraction} * layout_.ns_per_fraction;
  if (record.captured > layout_.most_captured || ns >= kSecond) return false;
  packet->time_ns = HostOrder(record.seconds) * kSecond + ns;
  packet->captured_bytes = record.captured;
  packet->original_bytes = HostOrder(record.original);
  packet->bytes = buffer_.data() + sizeof(record);
  buffer_.Take(sizeof(record) + record.captured);
  return true;
}

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_CAPTURE_READER_H_
