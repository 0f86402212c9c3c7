// SPDX-License-Identifier: Apache-2.0
// What makes two records the same flow, and its hash.
//
// That is the reference's key, which a row begins with, and the namespace that its
// interface index is of: two namespaces may both have an interface 2. Where the source says
// so, the VLAN is a part of it too.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_FLOW_KEY_H_
#define WEIR_TRANSFORMS_ACCOUNTER_FLOW_KEY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/record/record.h"

namespace weir::transforms {

// The key in a row: its first bytes, none of them padding.
inline constexpr size_t kKeySize = 56;
static_assert(offsetof(Record, packets) == kKeySize);
static_assert(sizeof(RecordKey) == kKeySize, "every byte of the key is one of RecordKey");

// A hash of flows that whoever sends packets cannot foresee: it is keyed, so that nobody
// can choose flows that collide. The inner sum is NH of UMAC (RFC 4418, section 5.2.1) with
// words of 64 bits: two different flows have the same sum with a probability of 2^-64.
//
// Immutable, thread-safe.
class FlowHash {
 public:
  static constexpr size_t kKeyWords = 10;
  using Key = std::array<uint64_t, kKeyWords>;

  explicit FlowHash(const Key& key) : key_(key) {}
  // With a key that the kernel draws.
  static FlowHash Random();

  uint64_t operator()(const Record& record) const {
    // The numbers of namespaces have 32 bits. For wider ones hashes may meet, not flows.
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
