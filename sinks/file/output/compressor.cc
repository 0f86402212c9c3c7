// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output/compressor.h"

#include <string>

#include "zlib.h"
#include "zstd.h"

namespace weir::sinks {
namespace {

constexpr int kGzipLevel = 6;  // the default of gzip(1)
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kGzipMemoryLevel = 8;
constexpr int kZstdLevel = 3;  // the default of zstd(1)

class GzipCompressor final : public Compressor {
 public:
  ~GzipCompressor() override {
    if (made_) deflateEnd(&stream_);
  }

  sdk::Result<std::string_view> Compress(std::string_view bytes) override {
    const int ready = made_ ? deflateReset(&stream_) : Make();
    if (ready != Z_OK) return Failed(ready);
    made_ = true;
    room_.resize(MaxCompressedBytes(bytes.size()));
    // zlib does not write to it.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    stream_.next_out = reinterpret_cast<Bytef*>(room_.data());
    stream_.avail_out = static_cast<uInt>(room_.size());
    const int result = deflate(&stream_, Z_FINISH);
    if (result != Z_STREAM_END) return Failed(result);
    return std::string_view(room_.data(), room_.size() - stream_.avail_out);
  }

 private:
  int Make() {
    return deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindowBits, kGzipMemoryLevel,
                        Z_DEFAULT_STRATEGY);
  }
  sdk::Status Failed(int result) const {
    return {result == Z_MEM_ERROR ? WEIR_RESOURCE_EXHAUSTED : WEIR_INTERNAL,
            std::string("gzip: ") + zError(result)};
  }

  z_stream stream_{};
  bool made_ = false;
  std::string room_;
};

class ZstdCompressor final : public Compressor {
 public:
  sdk::Result<std::string_view> Compress(std::string_view bytes) override {
    if (context_ == nullptr) return sdk::Status(WEIR_RESOURCE_EXHAUSTED, "zstd: no memory");
    size_t result = ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
    if (ZSTD_isError(result)) return Failed(result);
    // To detect a block that is complete but wrong.
    result = ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    if (ZSTD_isError(result)) return Failed(result);
    room_.resize(MaxCompressedBytes(bytes.size()));
    result = ZSTD_compress2(context_.get(), room_.data(), room_.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(result)) return Failed(result);
    return std::string_view(room_.data(), result);
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  static sdk::Status Failed(size_t result) {
    return {WEIR_INTERNAL, std::string("zstd: ") + ZSTD_getErrorName(result)};
  }

  const std::unique_ptr<ZSTD_CCtx, Free> context_{ZSTD_createCCtx()};
  std::string room_;
};

}  // namespace

std::unique_ptr<Compressor> MakeGzipCompressor() { return std::make_unique<GzipCompressor>(); }
std::unique_ptr<Compressor> MakeZstdCompressor() { return std::make_unique<ZstdCompressor>(); }

}  // namespace weir::sinks
