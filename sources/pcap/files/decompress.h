// SPDX-License-Identifier: Apache-2.0
// Decompresses gzip (RFC 1952) and zstd (RFC 8878).
#ifndef WEIR_SOURCES_PCAP_FILES_DECOMPRESS_H_
#define WEIR_SOURCES_PCAP_FILES_DECOMPRESS_H_

#include <memory>
#include <string_view>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// `magic` contains the first four bytes of `input`. Returns null if they do not begin a compressed
// file, and UNIMPLEMENTED with the format's name for xz, bzip2 and lz4. Otherwise returns a stream
// that reads from `input`, which must outlive it. Several compressed streams in one file are read
// as one. Damage is DATA_LOSS, reported after everything that could be decompressed.
//
// Memory is bounded for any input. For zstd the largest window is 128 MiB, the default limit of
// zstd(1).
sdk::Result<std::unique_ptr<ByteStream>> Decompress(std::string_view magic, ByteStream* input);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_DECOMPRESS_H_
