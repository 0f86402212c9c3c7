// SPDX-License-Identifier: Apache-2.0
// Iterates over the rows of a batch, by the batch's own stride: code compiled today reads the
// longer rows of a later host.
#ifndef WEIR_CORE_RECORD_BATCH_H_
#define WEIR_CORE_RECORD_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "core/record/record.h"

namespace weir {

// A read-only view of the rows of a batch, for indexing and range-for. Borrows the batch. A batch
// is immutable, so any number of threads may read it.
class BatchView {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Record;
    using difference_type = std::ptrdiff_t;
    using pointer = const Record*;
    using reference = const Record&;

    Iterator(const uint8_t* row, uint32_t stride) : row_(row), stride_(stride) {}
    reference operator*() const { return *reinterpret_cast<const Record*>(row_); }
    pointer operator->() const { return reinterpret_cast<const Record*>(row_); }
    Iterator& operator++() {
      row_ += stride_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.row_ == b.row_; }
    friend bool operator!=(const Iterator& a, const Iterator& b) { return a.row_ != b.row_; }

   private:
    const uint8_t* row_;
    uint32_t stride_;
  };

  explicit BatchView(const weir_batch* batch) : batch_(batch) {}

  uint32_t size() const { return batch_->size; }
  const Record& operator[](uint32_t i) const {
    return *reinterpret_cast<const Record*>(batch_->rows + size_t{i} * batch_->stride);
  }
  Iterator begin() const { return {batch_->rows, batch_->stride}; }
  Iterator end() const {
    return {batch_->rows + size_t{batch_->size} * batch_->stride, batch_->stride};
  }
  // The batch itself, to retain or to emit it.
  const weir_batch* raw() const { return batch_; }

 private:
  const weir_batch* batch_;
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_BATCH_H_
