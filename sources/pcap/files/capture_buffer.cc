// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/files/capture_buffer.h"

#include <cstring>

namespace weir::pcap {

CaptureBuffer::CaptureBuffer(ByteStream* stream, const std::atomic<bool>* interrupted)
    : stream_(stream), interrupted_(interrupted), memory_(new uint8_t[kCapacity]) {}

bool CaptureBuffer::Read(size_t size) {
  while (this->size() < size) {
    if (!status_.ok() || interrupted_->load(std::memory_order_relaxed)) return false;
    if (begin_ > 0) {
      std::memmove(memory_.get(), data(), this->size());
      end_ -= begin_;
      begin_ = 0;
    }
    sdk::Result<size_t> got = stream_->Read(memory_.get() + end_, kCapacity - end_);
    if (!got.ok()) status_ = got.status();
    if (!got.ok() || *got == 0) return false;
    end_ += *got;
    bytes_read_ += *got;
  }
  return true;
}

}  // namespace weir::pcap
