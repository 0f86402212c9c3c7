// SPDX-License-Identifier: Apache-2.0
// A buffer of encoded records, one after another in one block of memory. A sink fills it, writes it
// out as a whole, and fills it again. It knows where each record ends, so a sink can count the
// delivered records after a partial write.
//
// An encoder is any class with
//
//   static constexpr size_t kMaxRecordBytes;  // the room that Write needs
//   // Writes one record to `to` and returns the end. `others` is null if the batch has no such
//   block. char* Write(const Record& record, const weir_other_interfaces* others, char* to);
//
// core/record has JsonEncoder, CsvEncoder, ProtobufEncoder and RawEncoder.
#ifndef WEIR_CORE_RECORD_ENCODED_RECORDS_H_
#define WEIR_CORE_RECORD_ENCODED_RECORDS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/record/batch.h"
#include "core/record/other_interfaces.h"

namespace weir {

// One thread.
class EncodedRecords {
 public:
  // The greatest room for one record that an encoder may need.
  static constexpr size_t kMaxRecordBytes = 3072;

  // The buffer is full() when it holds `bytes` or more. It then exceeds `bytes` by at most one
  // record.
  explicit EncodedRecords(size_t bytes)
      : limit_(bytes), memory_(new char[bytes + kMaxRecordBytes]) {}

  // Clears the buffer and encodes rows of `batch`, from row number `first`, until the buffer is
  // full: at least one row. Returns the number of the next row. `first` is less than batch.size().
  template <typename Encoder>
  uint32_t Encode(const BatchView& batch, uint32_t first, Encoder* encoder);

  // The same without clearing the buffer, which must not be full.
  template <typename Encoder>
  uint32_t Append(const BatchView& batch, uint32_t first, Encoder* encoder);

  void Clear() { ends_.clear(); }
  uint32_t records() const { return static_cast<uint32_t>(ends_.size()); }
  bool full() const { return text().size() >= limit_; }

  // The encoded records; valid until the next change of the buffer.
  std::string_view text() const { return {memory_.get(), ends_.empty() ? 0 : ends_.back()}; }

  // Returns how many whole records the first `bytes` of text() contain.
  uint32_t WholeRecords(size_t bytes) const {
    return static_cast<uint32_t>(std::upper_bound(ends_.begin(), ends_.end(), bytes) -
                                 ends_.begin());
  }
  // Returns the size of the first `records` records, in bytes.
  size_t BytesOf(uint32_t records) const { return records == 0 ? 0 : ends_[records - 1]; }

 private:
  const size_t limit_;
  const std::unique_ptr<char[]> memory_;
  std::vector<size_t> ends_;  // where each record ends in memory_
};

template <typename Encoder>
uint32_t EncodedRecords::Encode(const BatchView& batch, uint32_t first, Encoder* encoder) {
  Clear();
  return Append(batch, first, encoder);
}

template <typename Encoder>
uint32_t EncodedRecords::Append(const BatchView& batch, uint32_t first, Encoder* encoder) {
  static_assert(Encoder::kMaxRecordBytes <= kMaxRecordBytes);
  char* const begin = memory_.get();
  char* end = begin + text().size();
  do {
    end = encoder->Write(batch[first], OtherInterfaces(*batch.raw(), first), end);
    ++first;
    ends_.push_back(static_cast<size_t>(end - begin));
  } while (first < batch.size() && ends_.back() < limit_);
  return first;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_ENCODED_RECORDS_H_
