// SPDX-License-Identifier: Apache-2.0
// A batch of one's own with the rows of another: for transforms that change rows,
// because a batch that was handed on belongs to all its readers.
#ifndef WEIR_PLUGINS_SDK_COPY_BATCH_H_
#define WEIR_PLUGINS_SDK_COPY_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

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

inline Record* MutableRow(weir_batch* batch, uint32_t i) {
  return reinterpret_cast<Record*>(batch->rows + size_t{i} * batch->stride);
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_COPY_BATCH_H_
