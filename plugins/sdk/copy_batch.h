// SPDX-License-Identifier: Apache-2.0
// Copies rows of a received batch into a new one, for transforms that change rows: a received
// batch is shared and immutable. To leave rows out unchanged, use EmitRows (emit_rows.h).
//
// The caller owns the new batch and may write to it until it emits or releases it. All bytes and
// feature blocks of the rows are copied, also those that the transform does not know. Thread-safe.
#ifndef WEIR_PLUGINS_SDK_COPY_BATCH_H_
#define WEIR_PLUGINS_SDK_COPY_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/record/record.h"
#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/stage.h"

namespace weir::sdk {

// Copies all rows of `from`, which has at least one. Returns null if memory is short.
inline weir_batch* CopyBatch(const Stage& stage, const weir_batch& from) {
  weir_batch* const to = stage.host()->batch_allocate(stage.raw(), from.size, &from);
  if (to == nullptr) return nullptr;
  to->size = from.size;
  std::memcpy(to->rows, from.rows, size_t{from.size} * from.stride);
  return to;
}

// Copies the rows of `from` whose numbers are in `rows`, in this order. `rows` has at least one
// element. Returns null if memory is short.
inline weir_batch* CopyRows(const Stage& stage, const weir_batch& from,
                            const std::vector<uint32_t>& rows) {
  weir_batch* const to =
      stage.host()->batch_allocate(stage.raw(), static_cast<uint32_t>(rows.size()), &from);
  if (to == nullptr) return nullptr;
  to->size = static_cast<uint32_t>(rows.size());
  for (size_t first = 0; first < rows.size();) {
    // Copy consecutive rows at once.
    size_t end = first + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    std::memcpy(to->rows + first * from.stride, from.rows + size_t{rows[first]} * from.stride,
                (end - first) * from.stride);
    first = end;
  }
  return to;
}

// Row number `i` of a batch that the caller may write to.
inline Record* MutableRow(weir_batch* batch, uint32_t i) {
  return reinterpret_cast<Record*>(batch->rows + size_t{i} * batch->stride);
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_COPY_BATCH_H_
