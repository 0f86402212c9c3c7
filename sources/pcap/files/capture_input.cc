// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/files/capture_input.h"

#include <algorithm>
#include <cstring>

namespace weir::pcap {

sdk::Result<std::string_view> CaptureInput::PeekMagic() {
  while (magic_size_ < kMagicBytes) {
    sdk::Result<size_t> got = ReadFile(magic_.data() + magic_size_, kMagicBytes - magic_size_);
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    magic_size_ += *got;
  }
  return std::string_view(magic_.data(), magic_size_);
}

sdk::Result<size_t> CaptureInput::Read(uint8_t* to, size_t size) {
  if (magic_next_ == magic_size_) return ReadFile(to, size);
  const size_t count = std::min(size, magic_size_ - magic_next_);
  std::memcpy(to, magic_.data() + magic_next_, count);
  magic_next_ += count;
  return count;
}

sdk::Result<size_t> CaptureInput::ReadFile(void* to, size_t size) {
  sdk::Result<size_t> got = file_.Read(to, size);
  if (got.ok()) bytes_read_ += *got;
  return got;
}

}  // namespace weir::pcap
