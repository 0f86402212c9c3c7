// SPDX-License-Identifier: Apache-2.0
// Records one behind the other in one block of memory, as an encoder writes them: what a
// sink fills, writes out whole, and fills again.
//
// An encoder is any class with
//
//   static constexpr size_t kMaxRecordBytes;  // room that Write wants
//   // Returns the end of what it wrote. `others` is null where the batch has no such block.
//   char* Write(const Record& record, const weir_other_interfaces* others, char* to);
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
  // More than any encoder wants for one record.
  static constexpr size_t kMaxRecordBytes = 3072;

  // Takes records until it holds `bytes` or more; never more than that and one record.
  explicit EncodedRecords(size_t bytes)
      : limit_(bytes), memory_(new char[bytes + kMaxRecordBytes]) {}

  // Encodes rows from number `first` on in place of what was there, as many as there is
  // room for and one at least. Returns the number of the first that is left. `first` is
  // below the batch's size.
  template <typename Encoder>
  uint32_t Encode(const BatchView& batch, uint32_t first, Encoder* encoder);

  // The same behind what was there, of which full() is not true.
  template <typename Encoder>
  uint32_t Append(const BatchView& batch, uint32_t first, Encoder* encoder);

  void Clear() { ends_.clear(); }
  uint32_t records() const { return static_cast<uint32_t>(ends_.size()); }
  bool full() const { return text().size() >= limit_; }

  // What was encoded; valid until it is added to or cleared.
  std::string_view text() const { return {memory_.get(), ends_.empty() ? 0 : ends_.back()}; }

  // How many records the first `bytes` of text() hold whole.
  uint32_t WholeRecords(size_t bytes) const {
    return static_cast<uint32_t>(std::upper_bound(ends_.begin(), ends_.end(), bytes) -
                                 ends_.begin());
  }
  // How many bytes the first `records` records take.
  size_t BytesOf(uint32_t records) const { return records == 0 ? 0 : ends_[records - 1]; }

 private:
  const size_t limit_;
  const std::unique_ptr<char[]> memory_;
  std::vector<size_t> ends_;  // in memory_, of each record
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
