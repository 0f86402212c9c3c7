// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/files/decompress.h"

#include <string>
#include <utility>

#include "sources/pcap/files/gzip_stream.h"
#include "sources/pcap/files/zstd_stream.h"

namespace weir::pcap {

namespace {

bool IsGzip(std::string_view magic) {
  return magic.size() >= 2 && magic[0] == '\x1f' && magic[1] == '\x8b';
}

// A zstd frame, or a skippable frame, which some compressors write first.
bool IsZstd(std::string_view magic) {
  if (magic.size() < 4) return false;
  if (magic == "\x28\xb5\x2f\xfd") return true;
  return (magic[0] & '\xf0') == '\x50' && magic.substr(1) == "\x2a\x4d\x18";
}

// Returns the program that decompresses an unsupported format, or null.
const char* OtherProgram(std::string_view magic) {
  if (magic == "\xfd\x37zX") return "xz";
  if (magic.substr(0, 3) == "BZh") return "bzip2";
  if (magic == "\x04\x22\x4d\x18") return "lz4";
  return nullptr;
}

template <typename Stream>
sdk::Result<std::unique_ptr<ByteStream>> Open(ByteStream* input) {
  auto stream = std::make_unique<Stream>(input);
  if (sdk::Status status = stream->Open(); !status.ok()) return status;
  return std::unique_ptr<ByteStream>(std::move(stream));
}

}  // namespace

sdk::Result<std::unique_ptr<ByteStream>> Decompress(std::string_view magic, ByteStream* input) {
  if (IsGzip(magic)) return Open<GzipStream>(input);
  if (IsZstd(magic)) return Open<ZstdStream>(input);
  if (const char* const program = OtherProgram(magic); program != nullptr) {
    const std::string name = program;
    return sdk::Status(WEIR_UNIMPLEMENTED, "the file is compressed by " + name +
                                               ", which is not read: unpack it (" + name +
                                               " -dc FILE), into a file or a pipe");
  }
  return std::unique_ptr<ByteStream>();
}

}  // namespace weir::pcap
