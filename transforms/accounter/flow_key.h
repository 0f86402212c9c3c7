// SPDX-License-Identifier: Apache-2.0
// The key of a flow, and its hash.
//
// The key is that of the reference agent, with which a row begins, plus the network namespace,
// because two namespaces may both have an interface 2. If the source says so, the VLAN is a part of
// the key too.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_FLOW_KEY_H_
#define WEIR_TRANSFORMS_ACCOUNTER_FLOW_KEY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/record/record.h"

namespace weir::transforms {

// The size of the key in a row: its first bytes, without padding.
inline constexpr size_t kKeySize = 56;
static_assert(offsetof(Record, packets) == kKeySize);
static_assert(sizeof(RecordKey) == kKeySize, "every byte of the key is one of RecordKey");

// A keyed hash of flows: a sender of packets cannot predict it, and so cannot choose flows that
// collide. The inner sum is NH of UMAC (RFC 4418, section 5.2.1) with words of 64 bits: two
// different flows have the same sum with a probability of 2^-64.
//
// Immutable, thread-safe.
class FlowHash {
 public:
  static constexpr size_t kKeyWords = 10;
  using Key = std::array<uint64_t, kKeyWords>;

  explicit FlowHash(const Key& key) : key_(key) {}
  // With a random key from the kernel.
  static FlowHash Random();

  uint64_t operator()(const Record& record) const {
    // Namespace numbers have 32 bits. With longer ones, hashes may collide, but not flows.
    return Of(reinterpret_cast<const uint8_t*>(&record),
              record.network_namespace + (uint64_t{VlanKey(record)} << 40));
  }
  uint64_t Of(const uint8_t* key, uint64_t link) const {
    const Wide sum = Product(key, 0) + Product(key, 1) + Product(key, 2) +
                     Wide{Word(key, 6) + key_[6]} * (link + key_[7]);
    const uint64_t low = static_cast<uint64_t>(sum) ^ key_[8];
    const uint64_t high = static_cast<uint64_t>(sum >> 64) ^ key_[9];
    const Wide mixed = Wide{low} * (high | 1);
    return static_cast<uint64_t>(mixed) ^ static_cast<uint64_t>(mixed >> 64);
  }

 private:
  using Wide = unsigned __int128;

  static uint64_t Word(const uint8_t* key, size_t i) {
    uint64_t word;
    std::memcpy(&word, key + i * sizeof(word), sizeof(word));
    return word;
  }
  Wide Product(const uint8_t* key, size_t pair) const {
    const size_t i = 2 * pair;
    return Wide{Word(key, i) + key_[i]} * (Word(key, i + 1) + key_[i + 1]);
  }

  Key key_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_FLOW_KEY_H_
