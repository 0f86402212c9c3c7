// SPDX-License-Identifier: Apache-2.0
// Emits some rows of a batch that was received, for transforms that leave rows out.
#ifndef WEIR_PLUGINS_SDK_EMIT_ROWS_H_
#define WEIR_PLUGINS_SDK_EMIT_ROWS_H_

#include <cstdint>
#include <vector>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/copy_batch.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

// Emits a received batch unchanged, by reference. Does nothing if it has no rows. Same threads and
// errors as Stage::Emit.
inline Status EmitAsItIs(const Stage& stage, const weir_batch& batch) {
  if (batch.size == 0) return OkStatus();
  stage.host()->batch_retain(&batch);
  return stage.Emit(const_cast<weir_batch*>(&batch));
}

// Emits the rows of `batch` whose numbers are in `rows`, which ascend. If these are all rows, emits
// the batch itself; if some, one batch with copies; if none, nothing. For transforms. Same threads
// and errors as Stage::Emit. RESOURCE_EXHAUSTED: no memory, and nothing was emitted.
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
