// SPDX-License-Identifier: Apache-2.0
// Reads the packets of a pcap or pcapng file.
//
// PcapngReader reads pcapng files. In a pcap file this reader finds whole, well-formed records
// itself and does not copy packets. libpcap reads the rest of a pcap file: the file header, old
// formats, and records that are cut off or damaged.
#ifndef WEIR_SOURCES_PCAP_FORMATS_CAPTURE_READER_H_
#define WEIR_SOURCES_PCAP_FORMATS_CAPTURE_READER_H_

#include <pcap/pcap.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"
#include "sources/pcap/files/capture_buffer.h"
#include "sources/pcap/formats/captured_packet.h"
#include "sources/pcap/formats/interface_table.h"
#include "sources/pcap/formats/pcapng_reader.h"

namespace weir::pcap {

// Why a file cannot be opened as a capture.
enum class OpenFailure {
  kEmpty,
  kHeader,       // the file ends within the header, or its compressed form is damaged there
  kNotACapture,  // not a capture, or of an unknown version
  kOther,        // not a fault of the file
};

// Converts the error `why` of CaptureReader::Open to words for the user.
inline sdk::Status OpenError(OpenFailure failure, const sdk::Status& why) {
  return failure == OpenFailure::kEmpty ? sdk::Status(why.code(), "the file is empty") : why;
}

// One thread, except for `interrupted`.
class CaptureReader {
 public:
  // Reads the header of the file in `stream`. On an error sets `failure`; a fault of the file is
  // DATA_LOSS. The first three arguments must outlive the reader. Another thread may set
  // `interrupted`; the file then ends.
  static sdk::Result<std::unique_ptr<CaptureReader>> Open(ByteStream* stream,
                                                          const std::atomic<bool>* interrupted,
                                                          InterfaceTable* table,
                                                          OpenFailure* failure);
  ~CaptureReader();
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;

  // Passes at most `most` (at least 1) packets to `handler`, as a CapturedPacket that is valid
  // during the call. Returns the number of packets: fewer than `most`, possibly 0, at the end of
  // the file or if the handler called Stop. DATA_LOSS means that the file is damaged or cut off;
  // all packets before the damage were passed first.
  template <typename Handler>
  sdk::Result<int> Read(int most, Handler* handler);

  // For a handler: makes Read return after this packet.
  void Stop() {
    stopped_ = true;
    if (capture_ != nullptr && !layout_.known) pcap_breakloop(capture_.get());
  }

  // Returns the time of a packet that libpcap read from a pcap file, as in CapturedPacket.
  static uint64_t TimeOf(const pcap_pkthdr& header);
  // Returns false if libpcap may change headers inside packets of this DLT_*. It does so for some
  // files that were written on a machine with the other byte order.
  static bool StandsAsWritten(int link_type, bool swapped);

  // The number of ignored options in a pcapng file; see PcapngReader.
  uint64_t ignored_options() const { return pcapng_ == nullptr ? 0 : pcapng_->ignored_options(); }
  // The place and the fault of the first ignored option, if there is one.
  const std::string& first_ignored_option() const { return pcapng_->first_ignored_option(); }

  // The number of decompressed bytes that were read. Damage lies before this offset, by one buffer
  // at most.
  uint64_t bytes_read() const { return buffer_.bytes_read(); }

 private:
  struct Close {
    void operator()(pcap_t* capture) const { pcap_close(capture); }
  };

  // The layout of the records in a pcap file.
  struct Layout {
    bool known = false;  // false: only libpcap reads the file
    bool swapped = false;
    uint32_t ns_per_fraction = 0;
    uint32_t most_captured = 0;  // the largest packet of a well-formed record
  };

  // The header of each packet (draft-ietf-opsawg-pcap, section 5).
  struct RecordHeader {
    uint32_t seconds;
    uint32_t fraction;
    uint32_t captured;
    uint32_t original;
  };
  static constexpr size_t kFileHeaderBytes = 24;

  CaptureReader(ByteStream* stream, const std::atomic<bool>* interrupted, InterfaceTable* table);

  template <typename Handler>
  sdk::Result<int> ReadPcapng(int most, Handler* handler);
  // The user argument of libpcap's handlers.
  template <typename Handler>
  struct Receiver {
    CaptureReader* reader;
    Handler* handler;
  };
  CapturedPacket PacketOf(const pcap_pkthdr& header, const u_char* bytes) const {
    return {TimeOf(header),
            header.caplen,
            header.len,
            bytes,
            &interface_,
            PacketDirection::kUnknown,
            true};
  }

  sdk::Status OpenPcap();
  OpenFailure WhyNotOpen() const;
  // Returns the layout of a file that begins with these bytes, without `most_captured`.
  static Layout LayoutOf(const uint8_t* bytes, size_t size);
  // Takes the next record; its bytes stay in the buffer until the next Fill. Returns false, and
  // takes nothing, if the record is not whole or not well-formed.
  bool Next(CapturedPacket* packet);
  // The same for a record that is not in the buffer yet.
  bool ReadNext(CapturedPacket* packet);
  bool PeekRecord(RecordHeader* record) const;
  uint32_t HostOrder(uint32_t value) const {
    return layout_.swapped ? __builtin_bswap32(value) : value;
  }

  sdk::Result<int> Dispatch(int most, pcap_handler handler, u_char* user);
  // Is a cookie_read_function_t.
  static ssize_t ReadCookie(void* reader, char* to, size_t size);
  // Returns libpcap's message, followed by the error of the stream if there is one.
  sdk::Status ErrorOf(const char* message) const;

  CaptureBuffer buffer_;
  // The bytes that libpcap may take: it would read ahead into records that Next has to find.
  size_t lent_ = 0;
  Layout layout_;
  bool stopped_ = false;
  bool is_cut_pcap_ = false;  // cut off within the file header
  InterfaceTable* const table_;
  CaptureInterface interface_;  // the interface of a pcap file
  // Exactly one of these is set.
  std::unique_ptr<PcapngReader> pcapng_;
  std::unique_ptr<pcap_t, Close> capture_;  // destroyed before buffer_
};

template <typename Handler>
sdk::Result<int> CaptureReader::Read(int most, Handler* handler) {
  stopped_ = false;
  if (pcapng_ != nullptr) return ReadPcapng(most, handler);
  int packets = 0;
  while (packets < most && !stopped_) {
    CapturedPacket packet;
    if (layout_.known && Next(&packet)) {
      (*handler)(packet);
      ++packets;
      continue;
    }
    Receiver<Handler> receiver{this, handler};
    sdk::Result<int> read = Dispatch(
        layout_.known ? 1 : most - packets,
        [](u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
          const auto* const to = reinterpret_cast<Receiver<Handler>*>(user);
          (*to->handler)(to->reader->PacketOf(*header, bytes));
        },
        reinterpret_cast<u_char*>(&receiver));
    if (!read.ok()) return read;
    if (*read == 0) break;
    packets += *read;
  }
  return packets;
}

template <typename Handler>
sdk::Result<int> CaptureReader::ReadPcapng(int most, Handler* handler) {
  int packets = 0;
  while (packets < most && !stopped_) {
    CapturedPacket packet;
    if (!pcapng_->Next(&packet)) {
      if (!pcapng_->status().ok()) return pcapng_->status();
      break;
    }
    (*handler)(packet);
    ++packets;
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
  packet->interface = &interface_;
  packet->direction = PacketDirection::kUnknown;
  packet->has_time = true;
  buffer_.Take(sizeof(record) + record.captured);
  return true;
}

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_CAPTURE_READER_H_
