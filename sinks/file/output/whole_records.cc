// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output/whole_records.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/record/constants.h"
#include "core/record/csv.h"
#include "core/record/encoded_records.h"
#include "core/record/protobuf.h"
#include "core/record/protobuf_fields.h"
#include "core/record/protobuf_reader.h"
#include "core/record/raw_record.h"
#include "plugins/sdk/errno_status.h"
#include "sinks/file/output/compressor.h"
#include "zlib.h"
#include "zstd.h"

namespace weir::sinks {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr char kHeader[] = "Etype,";  // the beginning of every version of the CSV header
constexpr char kObject[] = "{\"Etype\":";
// The beginnings of what sinks/file/output/compressor.h makes: RFC 1952 with no flags and no time,
// and RFC 8878.
constexpr std::string_view kGzipMember("\x1f\x8b\x08\0\0\0\0\0", 8);
constexpr std::string_view kZstdFrame("\x28\xb5\x2f\xfd", 4);
// After a power failure, the end of a file can be zeros: at least a sector, or all that is left.
constexpr size_t kMinZeros = 512;

// Returns true if `text` begins with `begin`, or is shorter and agrees with it.
bool BeginsLike(std::string_view text, std::string_view begin) {
  const size_t size = std::min(text.size(), begin.size());
  return text.substr(0, size) == begin.substr(0, size);
}

// Reads the length in front of a message. Returns its end in `bytes`, 0 if it is cut off, and
// npos if it is longer than a length of this sink.
size_t ReadLength(std::string_view bytes, size_t* length) {
  *length = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (at > 2) return std::string_view::npos;
    *length |= size_t{bytes[at] & 0x7Fu} << (7 * at);
    if (static_cast<uint8_t>(bytes[at]) < 0x80) return at + 1;
  }
  return 0;
}

// Each of the following returns true if `bytes`, which are not empty, can be the beginning of a
// record or block that a cut write left.

bool IsCutMessage(std::string_view bytes) {
  size_t length = 0;
  const size_t at = ReadLength(bytes, &length);
  if (at == 0) return true;
  if (at == std::string_view::npos || length == 0 || length > ProtobufEncoder::kMaxMessageBytes ||
      length <= bytes.size() - at) {
    return false;
  }
  // The first field of a record is Etype, Direction, a time or, without them, the MAC addresses.
  constexpr std::string_view kFirstTags("\x08\x10\x1a\x2a");
  if (at < bytes.size() && kFirstTags.find(bytes[at]) == std::string_view::npos) return false;
  // ProtobufEncoder writes varints and bytes, in the order of the fields. The last field may be cut
  // off: then Next sets its type and fails.
  const auto is_known = [](const ProtobufField& field) {
    return field.type == ProtobufField::kVarint || field.type == ProtobufField::kBytes;
  };
  ProtobufFields fields(bytes.substr(at));
  ProtobufField field;
  for (uint32_t last = 0; fields.Next(&field); last = field.id) {
    if (!is_known(field) || field.id < last) return false;
  }
  return is_known(field);
}

bool IsCutRawRecord(std::string_view bytes) {
  constexpr size_t kDirection = offsetof(RecordKey, direction);
  return bytes.size() <= kDirection || static_cast<uint8_t>(bytes[kDirection]) <= kDirectionEgress;
}

bool IsCutObject(std::string_view bytes) { return BeginsLike(bytes, kObject); }
bool IsCutRow(std::string_view) { return true; }  // the header tells the kind of the file
bool IsCutGzip(std::string_view bytes) { return BeginsLike(bytes, kGzipMember); }
bool IsCutZstd(std::string_view bytes) { return BeginsLike(bytes, kZstdFrame); }

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
        return Judge(AfterGzip(), MaxCompressedBytes(kBlockBytes + kMostText), IsCutGzip, "gzip");
      case File::ZSTD:
        return Judge(AfterZstd(), MaxCompressedBytes(kBlockBytes + kMostText), IsCutZstd, "zstd");
      case File::NONE:
        break;
    }
    switch (format) {
      case File::JSON:
        return Judge(AfterLine(kObject), kMostText, IsCutObject, "JSON lines");
      case File::CSV:
        return Judge(AfterLine(kHeader), kMostText, IsCutRow, "CSV with weir's columns");
      case File::PROTOBUF:
        return Judge(AfterMessages(), kMostText, IsCutMessage, "delimited protobuf");
      case File::RAW:
        return Judge(AfterRawRecords(), sizeof(RawRecord), IsCutRawRecord, "raw records");
    }
    return sdk::Status(WEIR_INTERNAL, "no such format");
  }

 private:
  // An unfinished write leaves less than one write, and the beginning of one.
  sdk::Result<uint64_t> Judge(sdk::Result<uint64_t> whole, uint64_t most,
                              bool (*is_cut)(std::string_view), const char* what) {
    if (!whole.ok() || *whole == size_) return whole;
    if (size_ - *whole < most) {
      const sdk::Result<bool> cut = IsCutWrite(*whole, is_cut);
      if (!cut.ok()) return cut.status();
      if (*cut) return whole;
    }
    return sdk::Status(WEIR_FAILED_PRECONDITION,
                       absl::StrCat(path_, " is not ", what, " that this sink wrote: the last ",
                                    size_ - *whole, " bytes are no records; move it away"));
  }

  // Judges the bytes from `whole` to the end. They may end with zeros in place of what was written.
  sdk::Result<bool> IsCutWrite(uint64_t whole, bool (*is_cut)(std::string_view)) {
    const uint64_t rest = size_ - whole;
    const size_t end_size = std::min<uint64_t>(rest, kMinZeros);
    sdk::Result<std::string_view> end = Read(size_ - end_size);
    if (!end.ok()) return end.status();
    const bool ends_with_zeros = end->find_first_not_of('\0') == std::string_view::npos;
    sdk::Result<std::string_view> begin = Read(whole);
    if (!begin.ok()) return begin.status();
    if (!ends_with_zeros) return !damaged_ && is_cut(*begin);
    const size_t last = begin->find_last_not_of('\0');
    return last == std::string_view::npos || is_cut(begin->substr(0, last + 1));
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

  // A recording has no mark of its kind: the direction in its first record tells.
  sdk::Result<uint64_t> AfterRawRecords() {
    sdk::Result<std::string_view> first = Read(0);
    if (!first.ok()) return first.status();
    return IsCutRawRecord(*first) ? size_ - size_ % sizeof(RawRecord) : 0;
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
      const size_t length_size = ReadLength(bytes.substr(whole), &size);
      if (length_size == 0 || length_size == std::string_view::npos) break;
      const size_t at = whole + length_size;
      // A block of zeros, which a power failure can leave, is not a sequence of empty messages.
      if (size == 0 || size > ProtobufEncoder::kMaxMessageBytes || size > bytes.size() - at) break;
      if (ReadProtobuf(bytes.substr(at, size), &record) != nullptr) break;
      whole = at + size;
    }
    return whole;
  }

  // Calls use(offset, block) for the blocks of the file, until one is damaged.
  template <typename Use>
  sdk::Status ForEachBlock(Use use) {
    for (uint64_t offset = 0; offset < size_ && !damaged_;) {
      const sdk::Result<std::string_view> block = Read(offset);
      if (!block.ok()) return block.status();
      if (block->empty()) break;
      if (sdk::Status status = use(offset, *block); !status.ok()) return status;
      offset += block->size();
    }
    return sdk::OkStatus();
  }

  sdk::Result<uint64_t> AfterGzip() {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) {
      return sdk::Status(WEIR_RESOURCE_EXHAUSTED, "gzip: no memory");
    }
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
    std::vector<char> scratch(kReadBytes);
    uint64_t whole = 0;
    const sdk::Status status = ForEachBlock([&](uint64_t offset, std::string_view block) {
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
      stream.avail_in = static_cast<uInt>(block.size());
      while (stream.avail_in > 0 && !damaged_) {
        stream.next_out = reinterpret_cast<Bytef*>(scratch.data());
        stream.avail_out = static_cast<uInt>(scratch.size());
        const int result = inflate(&stream, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
          whole = offset + block.size() - stream.avail_in;
          if (inflateReset(&stream) != Z_OK) return sdk::Status(WEIR_INTERNAL, "gzip: no reset");
        } else if (result != Z_OK) {
          damaged_ = true;
        }
      }
      return sdk::OkStatus();
    });
    if (!status.ok()) return status;
    return whole;
  }

  sdk::Result<uint64_t> AfterZstd() {
    const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                     ZSTD_freeDCtx);
    if (context == nullptr) return sdk::Status(WEIR_RESOURCE_EXHAUSTED, "zstd: no memory");
    std::vector<char> scratch(kReadBytes);
    uint64_t whole = 0;
    const sdk::Status status = ForEachBlock([&](uint64_t offset, std::string_view block) {
      ZSTD_inBuffer in{block.data(), block.size(), 0};
      while (in.pos < in.size && !damaged_) {
        ZSTD_outBuffer out{scratch.data(), scratch.size(), 0};
        const size_t result = ZSTD_decompressStream(context.get(), &out, &in);
        if (ZSTD_isError(result)) {
          damaged_ = true;
        } else if (result == 0) {
          whole = offset + in.pos;
        }
      }
      return sdk::OkStatus();
    });
    if (!status.ok()) return status;
    return whole;
  }

  const int fd_;
  const std::string& path_;
  std::vector<char> block_;
  uint64_t size_ = 0;
  bool damaged_ = false;  // compressed bytes have an error before their end
};

}  // namespace

sdk::Result<uint64_t> FindWholeBytes(int fd, const std::string& path, File::Format format,
                                     File::Compression compression) {
  return FileEnd(fd, path).Find(format, compression);
}

}  // namespace weir::sinks
