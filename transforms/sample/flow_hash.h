// SPDX-License-Identifier: Apache-2.0
// A hash of a flow that is the same for both directions and at every interface.
#ifndef WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_
#define WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_

#include <cstdint>

#include "absl/numeric/int128.h"
#include "core/record/flow_identity.h"
#include "core/record/record.h"
#include "transforms/sample/random_bits.h"

namespace weir::transforms {

namespace internal {

// XORs both halves of the product: every bit of one factor changes every bit of the result, unless
// the other factor is zero.
inline uint64_t Fold(uint64_t a, uint64_t b) {
  const absl::uint128 product = absl::uint128(a) * b;
  return absl::Uint128High64(product) ^ absl::Uint128Low64(product);
}

}  // namespace internal

// Returns a hash of the record's FlowIdentity that does not depend on the direction or the place.
// Evenly distributed over 64 bits, and different for each seed.
inline uint64_t BothWaysHash(const Record& record, uint64_t seed) {
  const FlowIdentity flow = FlowIdentity::Of(record);
  const auto hash_of = [seed](const FlowIdentity::Address& address, uint64_t port) {
    const uint64_t hash = internal::Fold(address.words[0] ^ seed ^ 0x9e3779b97f4a7c15,
                                         address.words[1] ^ 0xd1b54a32d192ed03);
    return internal::Fold(hash ^ port << 48, 0xaef17502108ef2d9);
  };
  const uint64_t source = hash_of(flow.source, flow.ports & 0xffff);
  const uint64_t destination = hash_of(flow.destination, flow.ports >> 16);
  // A sum does not depend on the order.
  return Spread((source + destination) ^ Spread(flow.kind + 1));
}

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_SAMPLE_FLOW_HASH_H_
