// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/formats/capture_reader.h"

#include <stdio_ext.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>

#include "plugins/sdk/errno_status.h"
#include "sources/pcap/links/link_layer.h"

namespace weir::pcap {

namespace {

// draft-ietf-opsawg-pcap, section 4.
constexpr uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr uint32_t kNanoseconds = 0xa1b23c4d;
constexpr uint32_t kModified = 0xa1b2cd34;  // an old format with longer packet headers
constexpr uint16_t kMajor = 2;
constexpr uint16_t kMinor = 4;

// A larger packet does not fit into the buffer. Less than the size that libpcap takes for damage.
constexpr uint32_t kMostCaptured = CaptureBuffer::kCapacity - 16;
static_assert(kMostCaptured <= PcapngReader::kMostCaptured);

// Returns true if the bytes begin with a known magic, or with the part of one that they can
// contain.
bool BeginsWithMagic(const uint8_t* bytes, size_t size) {
  for (const uint32_t magic : {kMicroseconds, kNanoseconds, kModified}) {
    for (const uint32_t ordered : {magic, __builtin_bswap32(magic)}) {
      if (std::memcmp(bytes, &ordered, std::min(size, sizeof(ordered))) == 0) return true;
    }
  }
  return false;
}

}  // namespace

CaptureReader::CaptureReader(ByteStream* stream, const std::atomic<bool>* interrupted,
                             InterfaceTable* table)
    : buffer_(stream, interrupted), table_(table) {}

CaptureReader::~CaptureReader() = default;

// See pcap_post_process in libpcap's pcap-util.c.
bool CaptureReader::StandsAsWritten(int link_type, bool swapped) {
  switch (link_type) {
    case DLT_EN10MB:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_IEEE802_11:
    case DLT_IEEE802_11_RADIO:
    case DLT_PPP:
    case DLT_PPP_SERIAL:
    case DLT_C_HDLC:
    case DLT_FRELAY:
      return true;
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_NFLOG:
      return !swapped;
    default:
      return false;
  }
}

sdk::Result<std::unique_ptr<CaptureReader>> CaptureReader::Open(
    ByteStream* stream, const std::atomic<bool>* interrupted, InterfaceTable* table,
    OpenFailure* failure) {
  std::unique_ptr<CaptureReader> reader(new CaptureReader(stream, interrupted, table));
  CaptureBuffer* const buffer = &reader->buffer_;
  buffer->Fill(kFileHeaderBytes);
  sdk::Status status;
  if (PcapngReader::Recognizes(buffer->data(), buffer->size())) {
    reader->pcapng_ = std::make_unique<PcapngReader>(buffer, table);
    status = reader->pcapng_->Open();
  } else {
    status = reader->OpenPcap();
  }
  if (status.ok()) return reader;
  *failure = reader->WhyNotOpen();
  return status;
}

OpenFailure CaptureReader::WhyNotOpen() const {
  const sdk::Status& status = buffer_.status();
  if (!status.ok())
    return status.code() == WEIR_DATA_LOSS ? OpenFailure::kHeader : OpenFailure::kOther;
  if (buffer_.bytes_read() == 0) return OpenFailure::kEmpty;
  const bool cut_off = pcapng_ != nullptr ? pcapng_->cut_off() : is_cut_pcap_;
  return cut_off ? OpenFailure::kHeader : OpenFailure::kNotACapture;
}

sdk::Status CaptureReader::OpenPcap() {
  is_cut_pcap_ =
      buffer_.size() < kFileHeaderBytes && BeginsWithMagic(buffer_.data(), buffer_.size());
  // libpcap would not count the magic among the bytes that it read.
  if (is_cut_pcap_ && buffer_.size() > 0 && buffer_.status().ok()) {
    return {WEIR_DATA_LOSS, "truncated dump file; it has " + std::to_string(buffer_.size()) +
                                " of the " + std::to_string(kFileHeaderBytes) +
                                " bytes of the file header"};
  }
  layout_ = LayoutOf(buffer_.data(), buffer_.size());
  lent_ = layout_.known ? kFileHeaderBytes : std::numeric_limits<size_t>::max();
  cookie_io_functions_t functions{};
  functions.read = &ReadCookie;
  FILE* const file = fopencookie(this, "r", functions);
  if (file == nullptr) return sdk::ErrnoStatus("open a stream", errno);
  // Only one thread reads it: no lock per packet.
  __fsetlocking(file, FSETLOCKING_BYCALLER);
  char message[PCAP_ERRBUF_SIZE] = "";
  capture_.reset(
      pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, message));
  if (capture_ == nullptr) {
    std::fclose(file);
    return ErrorOf(message);
  }
  // `capture_` now owns `file`.
  interface_.link_type = pcap_datalink(capture_.get());
  interface_.link = LinkLayerOf(interface_.link_type);
  table_->Register(0, {}, &interface_);
  layout_.known = layout_.known && StandsAsWritten(interface_.link_type, layout_.swapped);
  if (!layout_.known) lent_ = std::numeric_limits<size_t>::max();
  layout_.most_captured =
      std::min(static_cast<uint32_t>(pcap_snapshot(capture_.get())), kMostCaptured);
  return sdk::OkStatus();
}

CaptureReader::Layout CaptureReader::LayoutOf(const uint8_t* bytes, size_t size) {
  uint32_t magic = 0;
  uint16_t major = 0;
  uint16_t minor = 0;
  Layout layout;
  if (size < kFileHeaderBytes) return layout;
  std::memcpy(&magic, bytes, sizeof(magic));
  std::memcpy(&major, bytes + 4, sizeof(major));
  std::memcpy(&minor, bytes + 6, sizeof(minor));
  for (const bool swapped : {false, true}) {
    // Before version 2.4 the two sizes of a packet could come in either order.
    if (major == kMajor && minor == kMinor && (magic == kMicroseconds || magic == kNanoseconds)) {
      layout.known = true;
      layout.swapped = swapped;
      layout.ns_per_fraction = magic == kMicroseconds ? 1000 : 1;
      return layout;
    }
    magic = __builtin_bswap32(magic);
    major = __builtin_bswap16(major);
    minor = __builtin_bswap16(minor);
  }
  return layout;
}

bool CaptureReader::ReadNext(CapturedPacket* packet) {
  RecordHeader record;
  if (!buffer_.Fill(sizeof(record)) || !PeekRecord(&record) ||
      record.captured > layout_.most_captured || !buffer_.Fill(sizeof(record) + record.captured)) {
    return false;
  }
  return Next(packet);
}

sdk::Result<int> CaptureReader::Dispatch(int most, pcap_handler handler, u_char* user) {
  if (layout_.known) {
    RecordHeader record{};
    PeekRecord(&record);
    lent_ = sizeof(record) + record.captured;
  }
  const int packets = pcap_dispatch(capture_.get(), most, handler, user);
  if (packets >= 0) return packets;
  if (packets == PCAP_ERROR_BREAK) return 0;
  return ErrorOf(pcap_geterr(capture_.get()));
}

// Cannot overflow: seconds and fractions of a pcap file are unsigned and have 32 bits.
uint64_t CaptureReader::TimeOf(const pcap_pkthdr& header) {
  return static_cast<uint64_t>(header.ts.tv_sec) * 1'000'000'000 +
         static_cast<uint64_t>(header.ts.tv_usec);
}

ssize_t CaptureReader::ReadCookie(void* reader, char* to, size_t size) {
  auto* const self = static_cast<CaptureReader*>(reader);
  if (self->buffer_.size() == 0 && !self->buffer_.Fill(1) && !self->buffer_.status().ok()) {
    errno = EIO;
    return -1;
  }
  const size_t count = std::min({size, self->buffer_.size(), self->lent_});
  std::memcpy(to, self->buffer_.data(), count);
  self->buffer_.Take(count);
  if (self->layout_.known) self->lent_ -= count;
  return static_cast<ssize_t>(count);
}

sdk::Status CaptureReader::ErrorOf(const char* message) const {
  return buffer_.status().ok() ? sdk::Status(WEIR_DATA_LOSS, message) : buffer_.status();
}

}  // namespace weir::pcap
