// SPDX-License-Identifier: Apache-2.0
// Random numbers that are cheap enough for each record, and hashes of the same quality. Not for
// secrets.
#ifndef WEIR_TRANSFORMS_SAMPLE_RANDOM_BITS_H_
#define WEIR_TRANSFORMS_SAMPLE_RANDOM_BITS_H_

#include <cstdint>

namespace weir::transforms {

// Mixes `bits` so that each bit of the result depends on all of them: the finalizer of SplitMix64
// (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
inline uint64_t Spread(uint64_t bits) {
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  return bits ^ bits >> 31;
}

// SplitMix64. Copyable; one thread.
class RandomBits {
 public:
  explicit RandomBits(uint64_t seed) : state_(seed) {}
  uint64_t Next() { return Spread(state_ += 0x9e3779b97f4a7c15); }

 private:
  uint64_t state_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_SAMPLE_RANDOM_BITS_H_
