// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/files/zstd_stream.h"

#include <string>

namespace weir::pcap {

namespace {

constexpr int kMaxWindowLog = 27;

sdk::Status Damaged(const std::string& what) { return {WEIR_DATA_LOSS, "zstd: " + what}; }

}  // namespace

ZstdStream::ZstdStream(ByteStream* input)
    : input_(input), block_(ZSTD_DStreamInSize()), context_(ZSTD_createDCtx()) {
  in_.src = block_.data();
}

sdk::Status ZstdStream::Open() {
  if (context_ == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "zstd: no memory"};
  const size_t result = ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  if (ZSTD_isError(result))
    return {WEIR_INTERNAL, std::string("zstd: ") + ZSTD_getErrorName(result)};
  return sdk::OkStatus();
}

sdk::Result<size_t> ZstdStream::Read(uint8_t* to, size_t size) {
  while (true) {
    // First the output of the input that the decoder already has.
    sdk::Result<size_t> got = Unpack(to, size);
    if (!got.ok() || *got > 0) return got;
    if (in_.pos < in_.size) continue;
    sdk::Result<bool> more = Refill();
    if (!more.ok()) return more.status();
    if (*more) continue;
    if (!in_frame_) return size_t{0};
    return Damaged("the input ends in the middle of the stream");
  }
}

sdk::Result<size_t> ZstdStream::Unpack(uint8_t* to, size_t size) {
  if (in_.pos == in_.size && !in_frame_) return size_t{0};
  ZSTD_outBuffer out{to, size, 0};
  const size_t result = ZSTD_decompressStream(context_.get(), &out, &in_);
  if (ZSTD_isError(result)) return Damaged(ZSTD_getErrorName(result));
  in_frame_ = result != 0;
  return out.pos;
}

sdk::Result<bool> ZstdStream::Refill() {
  sdk::Result<size_t> got = input_->Read(block_.data(), block_.size());
  if (!got.ok()) return got.status();
  in_.pos = 0;
  in_.size = *got;
  return *got > 0;
}

}  // namespace weir::pcap
