// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/capture_reader.h"

#include <stdio_ext.h>

#include <cerrno>
#include <cstdio>

#include "plugins/sdk/errno_status.h"

namespace weir::pcap {

namespace {

// A system call for some thousand packets, and in the processor's cache.
constexpr size_t kBufferBytes = 256 * 1024;

}  // namespace

CaptureReader::CaptureReader(ByteStream* stream, const std::atomic<bool>* interrupted)
    : stream_(stream), interrupted_(interrupted), buffer_(kBufferBytes) {}

CaptureReader::~CaptureReader() = default;

sdk::Result<std::unique_ptr<CaptureReader>> CaptureReader::Open(
    ByteStream* stream, const std::atomic<bool>* interrupted) {
  std::unique_ptr<CaptureReader> reader(new CaptureReader(stream, interrupted));
  if (sdk::Status status = reader->OpenFile(); !status.ok()) return status;
  return reader;
}

sdk::Status CaptureReader::OpenFile() {
  cookie_io_functions_t functions{};
  functions.read = &ReadCookie;
  FILE* const file = fopencookie(this, "r", functions);
  if (file == nullptr) return sdk::ErrnoStatus("open a stream", errno);
  // One thread reads it: no lock for each packet.
  __fsetlocking(file, FSETLOCKING_BYCALLER);
  char message[PCAP_ERRBUF_SIZE] = "";
  pcap_t* capture = nullptr;
  if (std::setvbuf(file, buffer_.data(), _IOFBF, buffer_.size()) == 0) {
    capture = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, message);
  }
  capture_.reset(capture);
  if (capture != nullptr) return sdk::OkStatus();  // which owns the file now
  std::fclose(file);
  return ErrorOf(message);
}

ssize_t CaptureReader::ReadCookie(void* reader, char* to, size_t size) {
  auto* const self = static_cast<CaptureReader*>(reader);
  if (self->interrupted_->load(std::memory_order_relaxed)) return 0;
  sdk::Result<size_t> got = self->stream_->Read(reinterpret_cast<uint8_t*>(to), size);
  if (!got.ok()) {
    self->stream_status_ = got.status();
    errno = EIO;
    return -1;
  }
  self->bytes_read_ += *got;
  return static_cast<ssize_t>(*got);
}

sdk::Result<int> CaptureReader::Dispatch(int most, pcap_handler handler, u_char* user) {
  const int packets = pcap_dispatch(capture_.get(), most, handler, user);
  if (packets >= 0) return packets;
  if (packets == PCAP_ERROR_BREAK) return 0;
  return ErrorOf(pcap_geterr(capture_.get()));
}

sdk::Status CaptureReader::ErrorOf(const char* message) const {
  return stream_status_.ok() ? sdk::Status(WEIR_DATA_LOSS, message) : stream_status_;
}

}  // namespace weir::pcap
