// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output/whole_records.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/record/csv.h"
#include "core/record/encoded_records.h"
#include "core/record/protobuf.h"
#include "core/record/protobuf_reader.h"
#include "core/record/raw_record.h"
#include "plugins/sdk/errno_status.h"
#include "sinks/file/output/compressor.h"
#include "zlib.h"
#include "zstd.h"

namespace weir::sinks {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr char kHeader[] = "Etype";  // the beginning of every version of the CSV header

class FileEnd {
 public:
  FileEnd(int fd, const std::string& path) : fd_(fd), path_(path), block_(kReadBytes) {}

  sdk::Result<uint64_t> Find(File::Format format, File::Compression compression) {
    struct stat info;
    if (fstat(fd_, &info) != 0) return sdk::FileErrnoStatus(absl::StrCat("read ", path_), errno);
    size_ = static_cast<uint64_t>(info.st_size);
    constexpr size_t kMostText = EncodedRecords::kMaxRecordBytes;
    switch (compression) {
      case File::GZIP:
        return Judge(AfterGzip(), MaxCompressedBytes(kBlockBytes + kMostText), "gzip");
      case File::ZSTD:
        return Judge(AfterZstd(), MaxCompressedBytes(kBlockBytes + kMostText), "zstd");
      case File::NONE:
        break;
    }
    switch (format) {
      case File::JSON:
        return Judge(AfterLine("{"), kMostText, "JSON lines");
      case File::CSV:
        return Judge(AfterLine(kHeader), kMostText, "CSV with weir's columns");
      case File::PROTOBUF:
        return Judge(AfterMessages(), kMostText, "delimited protobuf");
      case File::RAW:
        return size_ - size_ % sizeof(RawRecord);
    }
    return sdk::Status(WEIR_INTERNAL, "no such format");
  }

 private:
  // An unfinished write leaves less than one write.
  sdk::Result<uint64_t> Judge(sdk::Result<uint64_t> whole, uint64_t most, const char* what) const {
    if (!whole.ok() || size_ - *whole < most) return whole;
    return sdk::Status(WEIR_FAILED_PRECONDITION,
                       absl::StrCat(path_, " is not ", what, " that this sink wrote: the last ",
                                    size_ - *whole, " bytes are no records; move it away"));
  }

  // Reads up to a block from `offset`; empty at the end.
  sdk::Result<std::string_view> Read(uint64_t offset) {
    size_t have = 0;
    while (have < block_.size()) {
      const ssize_t got =
          pread(fd_, block_.data() + have, block_.size() - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return sdk::FileErrnoStatus(absl::StrCat("read ", path_), errno);
      if (got == 0) break;
      have += static_cast<size_t>(got);
    }
    return std::string_view(block_.data(), have);
  }

  // Finds the last whole line of a file that begins with `begin`.
  sdk::Result<uint64_t> AfterLine(std::string_view begin) {
    sdk::Result<std::string_view> first = Read(0);
    if (!first.ok()) return first.status();
    const std::string_view start = first->substr(0, begin.size());
    if (start != begin.substr(0, start.size())) {
      return sdk::Status(WEIR_FAILED_PRECONDITION,
                         absl::StrCat(path_, " does not begin with '", begin,
                                      "' as what this sink wrote does; move it away"));
    }
    const uint64_t from = size_ - std::min<uint64_t>(size_, EncodedRecords::kMaxRecordBytes + 1);
    const sdk::Result<std::string_view> last = Read(from);
    if (!last.ok()) return last.status();
    sdk::Result<std::string_view> text = last;
    const size_t newline = text->rfind('\n');
    if (newline == std::string_view::npos) return from > 0 ? from : uint64_t{0};
    return from + newline + 1;
  }

  sdk::Result<uint64_t> AfterMessages() {
    uint64_t whole = 0;
    while (whole < size_) {
      sdk::Result<std::string_view> block = Read(whole);
      if (!block.ok()) return block.status();
      const size_t taken = TakeMessages(*block);
      if (taken == 0) break;
      whole += taken;
    }
    return whole;
  }

  // Returns how many bytes of `bytes` are whole messages.
  static size_t TakeMessages(std::string_view bytes) {
    Record record;
    size_t whole = 0;
    while (whole < bytes.size()) {
      size_t size = 0;
      size_t at = whole;
      for (unsigned shift = 0;; shift += 7) {
        if (at == bytes.size() || shift > 14) return whole;
        const auto byte = static_cast<uint8_t>(bytes[at++]);
        size |= size_t{byte & 0x7Fu} << shift;
        if (byte < 0x80) break;
      }
      // A block of zeros, which a power failure can leave, is not a sequence of empty messages.
      if (size == 0 || size > ProtobufEncoder::kMaxMessageBytes || size > bytes.size() - at) break;
      if (ReadProtobuf(bytes.substr(at, size), &record) != nullptr) break;
      whole = at + size;
    }
    return whole;
  }

  sdk::Result<uint64_t> AfterGzip() {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) {
      return sdk::Status(WEIR_RESOURCE_EXHAUSTED, "gzip: no memory");
    }
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
    std::vector<char> scratch(kReadBytes);
    uint64_t whole = 0;
    for (uint64_t offset = 0; offset < size_;) {
      sdk::Result<std::string_view> block = Read(offset);
      if (!block.ok()) return block.status();
      if (block->empty()) break;
      stream.next_in = reinterpret_cast<Bytef*>(block_.data());
      stream.avail_in = static_cast<uInt>(block->size());
      while (stream.avail_in > 0) {
        stream.next_out = reinterpret_cast<Bytef*>(scratch.data());
        stream.avail_out = static_cast<uInt>(scratch.size());
        const int result = inflate(&stream, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
          whole = offset + block->size() - stream.avail_in;
          if (inflateReset(&stream) != Z_OK) return sdk::Status(WEIR_INTERNAL, "gzip: no reset");
        } else if (result != Z_OK) {
          return whole;
        }
      }
      offset += block->size();
    }
    return whole;
  }

  sdk::Result<uint64_t> AfterZstd() {
    const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                     ZSTD_freeDCtx);
    if (context == nullptr) return sdk::Status(WEIR_RESOURCE_EXHAUSTED, "zstd: no memory");
    std::vector<char> scratch(kReadBytes);
    uint64_t whole = 0;
    for (uint64_t offset = 0; offset < size_;) {
      sdk::Result<std::string_view> block = Read(offset);
      if (!block.ok()) return block.status();
      if (block->empty()) break;
      ZSTD_inBuffer in{block->data(), block->size(), 0};
      while (in.pos < in.size) {
        ZSTD_outBuffer out{scratch.data(), scratch.size(), 0};
        const size_t result = ZSTD_decompressStream(context.get(), &out, &in);
        if (ZSTD_isError(result)) return whole;
        if (result == 0) whole = offset + in.pos;
      }
      offset += block->size();
    }
    return whole;
  }

  const int fd_;
  const std::string& path_;
  std::vector<char> block_;
  uint64_t size_ = 0;
};

}  // namespace

sdk::Result<uint64_t> FindWholeBytes(int fd, const std::string& path, File::Format format,
                                     File::Compression compression) {
  return FileEnd(fd, path).Find(format, compression);
}

}  // namespace weir::sinks
