// SPDX-License-Identifier: Apache-2.0
// What comes next out of a stream, side by side in memory.
#ifndef WEIR_SOURCES_PCAP_FILES_CAPTURE_BUFFER_H_
#define WEIR_SOURCES_PCAP_FILES_CAPTURE_BUFFER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// One thread, but for `interrupted`.
class CaptureBuffer {
 public:
  // A system call for some thousand packets, and well within the processor's cache.
  static constexpr size_t kCapacity = 128 * 1024;

  // Both must outlive it. Once `interrupted` is true, which another thread may make it,
  // the stream seems to end.
  CaptureBuffer(ByteStream* stream, const std::atomic<bool>* interrupted);

  // Reads until there are `size` bytes, kCapacity at most. False: the stream ends before,
  // or has failed.
  bool Fill(size_t size) { return this->size() >= size || Read(size); }

  // The bytes that are there; valid until the next Fill.
  const uint8_t* data() const { return memory_.get() + begin_; }
  size_t size() const { return end_ - begin_; }
  // The first `size` of them have been used.
  void Take(size_t size) { begin_ += size; }

  // Read from the stream, whether they were taken or not.
  uint64_t bytes_read() const { return bytes_read_; }
  // Of the stream's bytes, how many stand in front of data().
  uint64_t offset() const { return bytes_read_ - size(); }
  // The stream's error.
  const sdk::Status& status() const { return status_; }

 private:
  bool Read(size_t size);

  ByteStream* const stream_;
  const std::atomic<bool>* const interrupted_;
  // Not zeroed: most captures of a test do not fill it.
  const std::unique_ptr<uint8_t[]> memory_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t bytes_read_ = 0;
  sdk::Status status_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_CAPTURE_BUFFER_H_
