// SPDX-License-Identifier: Apache-2.0
// Reads packets of a pcap or pcapng file.
//
// Files of pcapng are read by PcapngReader. In a pcap file the reader finds the records that
// are whole and well-formed itself, without a copy of each. libpcap reads all else of a pcap
// file: its header, old formats, and what is cut off or damaged.
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

// Why a file cannot be read from its beginning on.
enum class OpenFailure {
  kEmpty,
  kHeader,       // it ends within the header, or its compressed form is damaged there
  kNotACapture,  // or of an unknown version
  kOther,        // no fault of the file
};

// One thread, but for what it says of `interrupted`.
class CaptureReader {
 public:
  // Reads the beginning of the file that `stream` holds. Sets `failure` with an error, which is
  // DATA_LOSS for a fault of the file. The first three must outlive the reader. Once `interrupted`
  // is true, which another thread may make it, the file seems to end.
  static sdk::Result<std::unique_ptr<CaptureReader>> Open(ByteStream* stream,
                                                          const std::atomic<bool>* interrupted,
                                                          InterfaceTable* table,
                                                          OpenFailure* failure);
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
    if (capture_ != nullptr && !layout_.known) pcap_breakloop(capture_.get());
  }

  // Nanoseconds since 1970, as in CapturedPacket, of a packet that libpcap read from a pcap
  // file.
  static uint64_t TimeOf(const pcap_pkthdr& header);
  // False if libpcap may change headers within packets of this DLT_*, as it does with those
  // that a machine of the other byte order wrote in its own order.
  static bool StandsAsWritten(int link_type, bool swapped);

  // Options of a pcapng file that were ignored, see PcapngReader.
  uint64_t ignored_options() const { return pcapng_ == nullptr ? 0 : pcapng_->ignored_options(); }
  // Of a file with such options: where the first one is, and its fault.
  const std::string& first_ignored_option() const { return pcapng_->first_ignored_option(); }

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

  CaptureReader(ByteStream* stream, const std::atomic<bool>* interrupted, InterfaceTable* table);

  template <typename Handler>
  sdk::Result<int> ReadPcapng(int most, Handler* handler);
  // What libpcap hands over: the first argument of its handlers.
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
  bool is_cut_pcap_ = false;  // within the file's header
  InterfaceTable* const table_;
  CaptureInterface interface_;  // of a pcap file
  // One of them is null.
  std::unique_ptr<PcapngReader> pcapng_;
  std::unique_ptr<pcap_t, Close> capture_;  // before buffer_ goes
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
