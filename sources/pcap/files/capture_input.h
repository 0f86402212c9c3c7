// SPDX-License-Identifier: Apache-2.0
// The raw bytes of a capture file, compressed or not.
#ifndef WEIR_SOURCES_PCAP_FILES_CAPTURE_INPUT_H_
#define WEIR_SOURCES_PCAP_FILES_CAPTURE_INPUT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "plugins/sdk/interruptible_reader.h"
#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// One thread.
class CaptureInput : public ByteStream {
 public:
  static constexpr size_t kMagicBytes = 4;

  explicit CaptureInput(sdk::InterruptibleReader file) : file_(std::move(file)) {}

  // Returns the first bytes of the file; fewer than kMagicBytes if the file is shorter. Call it
  // before Read, which returns these bytes again. Valid as long as this object.
  sdk::Result<std::string_view> PeekMagic();

  sdk::Result<size_t> Read(uint8_t* to, size_t size) override;

  // The number of bytes read from the file so far.
  uint64_t bytes_read() const { return bytes_read_; }
  bool interrupted() const { return file_.interrupted(); }

 private:
  sdk::Result<size_t> ReadFile(void* to, size_t size);

  sdk::InterruptibleReader file_;
  std::array<char, kMagicBytes> magic_{};
  size_t magic_size_ = 0;
  size_t magic_next_ = 0;  // the first one that Read has not returned yet
  uint64_t bytes_read_ = 0;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_CAPTURE_INPUT_H_
