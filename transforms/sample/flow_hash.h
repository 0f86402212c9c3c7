// SPDX-License-Identifier: Apache-2.0
// A number for all records of a flow, wherever and in which direction they were seen.
#ifndef WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_
#define WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_

#include <cstdint>
#include <cstring>

#include "absl/numeric/int128.h"
#include "core/record/record.h"
#include "transforms/sample/random_bits.h"

namespace weir::transforms {

namespace internal {

// Both halves of the product, one upon the other: every bit of the one has a part in
// every bit of the result, unless the other is zero.
inline uint64_t Fold(uint64_t a, uint64_t b) {
  const absl::uint128 product = absl::uint128(a) * b;
  return absl::Uint128High64(product) ^ absl::Uint128Low64(product);
}

}  // namespace internal

// The same for both directions of a connection, on all interfaces and in all network
// namespaces: of the addresses, ports and protocol; of what is not IP, of the MACs and the
// EtherType. Evenly spread over 64 bits, and for each seed in another way.
inline uint64_t BothWaysHash(const Record& record, uint64_t seed) {
  const auto end = [seed](const uint8_t* address, const uint8_t* mac, uint64_t port) {
    uint64_t words[3] = {};
    std::memcpy(words, address, sizeof(record.src_addr));
    std::memcpy(words + 2, mac, sizeof(record.src_mac));
    const uint64_t hash =
        internal::Fold(words[0] ^ seed ^ 0x9e3779b97f4a7c15, words[1] ^ 0xd1b54a32d192ed03);
    return internal::Fold(hash ^ port << 48 ^ words[2], 0xaef17502108ef2d9);
  };
  constexpr uint8_t kNoMac[kMacLength] = {};
  const bool is_ip = SrcAddr(record) != IpAddr{} || DstAddr(record) != IpAddr{};
  const uint64_t source = end(record.src_addr, is_ip ? kNoMac : record.src_mac, record.src_port);
  const uint64_t destination =
      end(record.dst_addr, is_ip ? kNoMac : record.dst_mac, record.dst_port);
  // A sum does not tell which is which.
  const uint64_t protocols =
      uint64_t{record.transport_protocol} << 16 | (is_ip ? 0 : record.eth_protocol);
  return Spread((source + destination) ^ Spread(protocols + 1));
}

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_
