// SPDX-License-Identifier: Apache-2.0
// The next bytes of a stream, contiguous in memory.
#ifndef WEIR_SOURCES_PCAP_FILES_CAPTURE_BUFFER_H_
#define WEIR_SOURCES_PCAP_FILES_CAPTURE_BUFFER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// One thread, except for `interrupted`.
class CaptureBuffer {
 public:
  // One system call for about a thousand packets, and small enough for the processor's cache.
  static constexpr size_t kCapacity = 128 * 1024;

  // Both must outlive it. Another thread may set `interrupted`; the stream then ends.
  CaptureBuffer(ByteStream* stream, const std::atomic<bool>* interrupted);

  // Reads until `size` bytes are available (at most kCapacity). Returns false if the stream ends
  // before that or fails.
  bool Fill(size_t size) { return this->size() >= size || Read(size); }

  // The available bytes; valid until the next Fill.
  const uint8_t* data() const { return memory_.get() + begin_; }
  size_t size() const { return end_ - begin_; }
  // Removes the first `size` bytes.
  void Take(size_t size) { begin_ += size; }

  // The number of bytes read from the stream, including those that were not taken yet.
  uint64_t bytes_read() const { return bytes_read_; }
  // The offset of data() in the stream.
  uint64_t offset() const { return bytes_read_ - size(); }
  // The error of the stream.
  const sdk::Status& status() const { return status_; }

 private:
  bool Read(size_t size);

  ByteStream* const stream_;
  const std::atomic<bool>* const interrupted_;
  // Not zeroed: many captures of tests are much smaller.
  const std::unique_ptr<uint8_t[]> memory_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t bytes_read_ = 0;
  sdk::Status status_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_CAPTURE_BUFFER_H_
