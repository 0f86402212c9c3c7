// SPDX-License-Identifier: Apache-2.0
// The bytes of a capture's file as they are there, compressed or not.
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

  // The first bytes, before any was read; fewer than kMagicBytes where the input ends.
  // Read hands them out once more. Valid as long as this is.
  sdk::Result<std::string_view> PeekMagic();

  sdk::Result<size_t> Read(uint8_t* to, size_t size) override;

  // Taken from the file so far.
  uint64_t bytes_read() const { return bytes_read_; }
  bool interrupted() const { return file_.interrupted(); }

 private:
  sdk::Result<size_t> ReadFile(void* to, size_t size);

  sdk::InterruptibleReader file_;
  std::array<char, kMagicBytes> magic_{};
  size_t magic_size_ = 0;
  size_t magic_next_ = 0;  // the first of them that Read has not handed out
  uint64_t bytes_read_ = 0;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_CAPTURE_INPUT_H_
