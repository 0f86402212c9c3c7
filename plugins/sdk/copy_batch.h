// SPDX-License-Identifier: Apache-2.0
// A batch of one's own with rows of another: for transforms that change or leave out rows,
// because a batch that was handed on belongs to all its readers.
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

// The caller owns it and may write it until he emits it; null when memory is short.
// Rows keep all their bytes and feature blocks, also those this code does not know.
inline weir_batch* CopyBatch(const Stage& stage, const weir_batch& from) {
  weir_batch* const to = stage.host()->batch_allocate(stage.raw(), from.size, &from);
  if (to == nullptr) return nullptr;
  to->size = from.size;
  std::memcpy(to->rows, from.rows, size_t{from.size} * from.stride);
  return to;
}

// A batch with copies of these rows of `from`, of which there is one or more, in this
// order; all their bytes and feature blocks are kept. The caller owns it and may write it
// until he emits it; null when memory is short.
inline weir_batch* CopyRows(const Stage& stage, const weir_batch& from,
                            const std::vector<uint32_t>& rows) {
  weir_batch* const to =
      stage.host()->batch_allocate(stage.raw(), static_cast<uint32_t>(rows.size()), &from);
  if (to == nullptr) return nullptr;
  to->size = static_cast<uint32_t>(rows.size());
  for (size_t first = 0; first < rows.size();) {
    // Rows that follow each other are copied at once.
    size_t end = first + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    std::memcpy(to->rows + first * from.stride, from.rows + size_t{rows[first]} * from.stride,
                (end - first) * from.stride);
    first = end;
  }
  return to;
}

inline Record* MutableRow(weir_batch* batch, uint32_t i) {
  return reinterpret_cast<Record*>(batch->rows + size_t{i} * batch->stride);
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_COPY_BATCH_H_
