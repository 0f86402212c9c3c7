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

// Emits these rows of `batch`, in ascending order: all of them as the batch itself, some as
// copies in one batch, none not at all. Not in a source. RESOURCE_EXHAUSTED: memory is
// short and none was emitted.
inline Status EmitRows(const Stage& stage, const weir_batch& batch,
                       const std::vector<uint32_t>& rows) {
  if (rows.empty()) return OkStatus();
  weir_batch* out;
  if (rows.size() == batch.size) {
    out = const_cast<weir_batch*>(&batch);
    stage.host()->batch_retain(out);
  } else {
    out = CopyRows(stage, batch, rows);
    if (out == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch"};
  }
  const weir_code code = stage.host()->emit(stage.raw(), out);
  if (code != WEIR_OK) return {code, "the pipeline takes no more records"};
  return OkStatus();
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_EMIT_ROWS_H_
