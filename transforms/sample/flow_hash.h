// SPDX-License-Identifier: Apache-2.0
// A number for all records of a flow, in both directions and wherever they were seen.
#ifndef WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_
#define WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_

#include <cstdint>

#include "absl/numeric/int128.h"
#include "core/record/flow_identity.h"
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

// The same for both directions of a flow, wherever it was seen: a hash of its FlowIdentity
// that does not tell the ends apart. Evenly spread over 64 bits, and for each seed in another
// way.
inline uint64_t BothWaysHash(const Record& record, uint64_t seed) {
  const FlowIdentity flow = FlowIdentity::Of(record);
  const auto hash_of = [seed](const FlowIdentity::Address& address, uint64_t port) {
    const uint64_t hash = internal::Fold(address.words[0] ^ seed ^ 0x9e3779b97f4a7c15,
                                         address.words[1] ^ 0xd1b54a32d192ed03);
    return internal::Fold(hash ^ port << 48, 0xaef17502108ef2d9);
  };
  const uint64_t source = hash_of(flow.source, flow.ports & 0xffff);
  const uint64_t destination = hash_of(flow.destination, flow.ports >> 16);
  // A sum does not tell which is which.
  return Spread((source + destination) ^ Spread(flow.kind + 1));
}

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_
