// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/files/gzip_stream.h"

#include <algorithm>
#include <limits>
#include <string>

namespace weir::pcap {

namespace {

constexpr size_t kBlockBytes = 64 * 1024;
// The largest window, plus 16 for a gzip header.
constexpr int kWindowBits = MAX_WBITS + 16;

sdk::Status Damaged(const std::string& what) { return {WEIR_DATA_LOSS, "gzip: " + what}; }

}  // namespace

GzipStream::GzipStream(ByteStream* input) : input_(input), block_(kBlockBytes) {}

GzipStream::~GzipStream() {
  if (open_) inflateEnd(&z_);
}

sdk::Status GzipStream::Open() {
  if (inflateInit2(&z_, kWindowBits) != Z_OK) {
    return {WEIR_RESOURCE_EXHAUSTED, "gzip: no memory"};
  }
  open_ = true;
  return sdk::OkStatus();
}

sdk::Result<size_t> GzipStream::Read(uint8_t* to, size_t size) {
  size = std::min<size_t>(size, std::numeric_limits<uInt>::max());
  z_.next_out = to;
  z_.avail_out = static_cast<uInt>(size);
  while (failed_.ok()) {
    failed_ = Inflate();
    if (z_.avail_out < size) return size - z_.avail_out;
    if (!failed_.ok() || z_.avail_in > 0) continue;
    sdk::Result<bool> more = Refill();
    if (!more.ok()) {
      failed_ = more.status();
    } else if (!*more) {
      if (!in_member_) return size_t{0};
      failed_ = Damaged("the input ends in the middle of the stream");
    }
  }
  return failed_;
}

sdk::Status GzipStream::Inflate() {
  if (z_.avail_in == 0 && !in_member_) return sdk::OkStatus();
  // Decompress has checked that the file does not begin with a zero.
  if (in_padding_ || (!in_member_ && *z_.next_in == 0)) return SkipPadding();
  if (!in_member_) {
    if (inflateReset(&z_) != Z_OK) return Damaged("cannot begin");
    in_member_ = true;
  }
  const int code = inflate(&z_, Z_NO_FLUSH);
  if (code == Z_STREAM_END) in_member_ = false;
  // Z_BUF_ERROR: zlib needs more input.
  if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) return sdk::OkStatus();
  if (code == Z_MEM_ERROR) return {WEIR_RESOURCE_EXHAUSTED, "gzip: no memory"};
  return Damaged(z_.msg != nullptr ? z_.msg : "damaged");
}

sdk::Status GzipStream::SkipPadding() {
  in_padding_ = true;
  const uint8_t* const end = z_.next_in + z_.avail_in;
  const uint8_t* const other =
      std::find_if(z_.next_in, z_.next_in + z_.avail_in, [](uint8_t byte) { return byte != 0; });
  z_.next_in = nullptr;
  z_.avail_in = 0;
  return other == end ? sdk::OkStatus() : Damaged("other bytes follow the zeros at the end");
}

sdk::Result<bool> GzipStream::Refill() {
  sdk::Result<size_t> got = input_->Read(block_.data(), block_.size());
  if (!got.ok()) return got.status();
  z_.next_in = block_.data();
  z_.avail_in = static_cast<uInt>(*got);
  return *got > 0;
}

}  // namespace weir::pcap
