// SPDX-License-Identifier: Apache-2.0
// What a compressed stream holds: gzip (RFC 1952) and zstd (RFC 8878).
#ifndef WEIR_SOURCES_PCAP_FILES_DECOMPRESS_H_
#define WEIR_SOURCES_PCAP_FILES_DECOMPRESS_H_

#include <memory>
#include <string_view>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// Null if `magic`, the first four bytes of `input`, are those of no compression. UNIMPLEMENTED,
// with its name, if they are those of xz, bzip2 or lz4. Else the stream
// reads from `input`, which must outlive it. Streams one behind another in one file are
// one. What is damaged or cut off is DATA_LOSS, behind all that could be unpacked.
//
// However much a stream unpacks to, memory is bounded: for zstd by a window of 128 MiB,
// the most that its own program takes without being told to.
sdk::Result<std::unique_ptr<ByteStream>> Decompress(std::string_view magic, ByteStream* input);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_DECOMPRESS_H_
