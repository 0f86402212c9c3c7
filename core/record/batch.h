// SPDX-License-Identifier: Apache-2.0
// Walking the rows of a batch. Rows are found by the batch's own stride, so that
// code compiled today reads the longer rows of a later host.
#ifndef WEIR_CORE_RECORD_BATCH_H_
#define WEIR_CORE_RECORD_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "core/record/record.h"

namespace weir {

// A read-only view of a batch's rows; borrows the batch. Works in a range-for.
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
  // The batch itself, to retain it or to hand it on.
  const weir_batch* raw() const { return batch_; }

 private:
  const weir_batch* batch_;
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_BATCH_H_
