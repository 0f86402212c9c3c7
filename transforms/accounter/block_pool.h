// SPDX-License-Identifier: Apache-2.0
// Reuses blocks of memory, so that one table after another needs no allocation.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_BLOCK_POOL_H_
#define WEIR_TRANSFORMS_ACCOUNTER_BLOCK_POOL_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace weir::transforms {

// One thread at a time.
template <typename Block>
class BlockPool {
 public:
  static_assert(std::is_trivially_destructible_v<Block>);

  // Returns an uninitialised block; null if there is no memory.
  std::unique_ptr<Block> Take() {
    if (!spare_.empty()) {
      std::unique_ptr<Block> block = std::move(spare_.back());
      spare_.pop_back();
      return block;
    }
    std::unique_ptr<Block> block(new (std::nothrow) Block);
    if (block != nullptr) ++blocks_;
    return block;
  }

  void Give(std::unique_ptr<Block> block) {
    spare_.push_back(std::move(block));
    Trim(kFreedAtOnce);
  }

  // The number of spare blocks to keep: what the last table needed.
  void Keep(size_t blocks) { keep_ = blocks; }
  // Frees further spare blocks, at most `at_once`.
  void Trim(size_t at_once) {
    for (; at_once > 0 && spare_.size() > keep_; --at_once) {
      spare_.pop_back();
      --blocks_;
    }
  }

  // The size of all blocks in bytes, used and spare.
  size_t bytes() const { return blocks_ * sizeof(Block); }

 private:
  // More than one, so that excess blocks go in time; few, so that no record waits.
  static constexpr size_t kFreedAtOnce = 4;

  std::vector<std::unique_ptr<Block>> spare_;
  size_t blocks_ = 0;
  size_t keep_ = 0;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_BLOCK_POOL_H_
