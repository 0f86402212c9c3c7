// SPDX-License-Identifier: Apache-2.0
// Handing on some rows of a batch that one was given: for transforms that leave rows out.
#ifndef WEIR_PLUGINS_SDK_EMIT_ROWS_H_
#define WEIR_PLUGINS_SDK_EMIT_ROWS_H_

#include <cstdint>
#include <vector>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/copy_batch.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

// Emits a batch that one was given as it is: nothing is copied.
inline Status EmitAsItIs(const Stage& stage, const weir_batch& batch) {
  stage.host()->batch_retain(&batch);
  return stage.Emit(const_cast<weir_batch*>(&batch));
}

// Emits these rows of `batch`, in ascending order: all of them as the batch itself, some as
// copies in one batch, none not at all. Not in a source. RESOURCE_EXHAUSTED: memory is
// short and none was emitted.
inline Status EmitRows(const Stage& stage, const weir_batch& batch,
                       const std::vector<uint32_t>& rows) {
  if (rows.empty()) return OkStatus();
  if (rows.size() == batch.size) return EmitAsItIs(stage, batch);
  weir_batch* const out = CopyRows(stage, batch, rows);
  if (out == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch"};
  return stage.Emit(out);
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_EMIT_ROWS_H_
