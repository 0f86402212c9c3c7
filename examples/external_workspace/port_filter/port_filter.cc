// SPDX-License-Identifier: Apache-2.0
#include "port_filter/port_filter.h"

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "plugins/sdk/copy_batch.h"

namespace example {

weir::sdk::Result<std::unique_ptr<PortFilterTransform>> PortFilterTransform::Create(
    const PortFilter& config, weir::sdk::Stage stage) {
  // The host has held the configuration against the rules in port_filter.proto.
  return std::unique_ptr<PortFilterTransform>(new PortFilterTransform(config, std::move(stage)));
}

PortFilterTransform::PortFilterTransform(const PortFilter& config, weir::sdk::Stage stage)
    : ports_(config.ports().begin(), config.ports().end()),
      invert_(config.invert()),
      stage_(std::move(stage)) {}

weir::sdk::Status PortFilterTransform::Process(const weir::BatchView& batch) {
  // A batch belongs to all its readers, so what changes is a copy. It has the layout
  // of the original, and rows are moved whole: fields of a later weir get through.
  weir_batch* const out = weir::sdk::CopyBatch(stage_, *batch.raw());
  if (out == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch"};
  out->size = 0;
  const size_t row_size = out->stride;
  for (uint32_t i = 0; i < batch.size(); ++i) {
    if (!Keeps(batch[i])) continue;
    std::memcpy(out->rows + row_size * out->size++, batch.raw()->rows + row_size * i, row_size);
  }
  const uint32_t kept = out->size;
  stage_.CountFiltered(batch.size() - kept);
  if (kept == 0) {
    stage_.host()->batch_release(out);
    return weir::sdk::OkStatus();
  }
  const weir_code code = stage_.host()->emit(stage_.raw(), out);
  if (code != WEIR_OK) return {code, "the pipeline takes no more records"};
  return weir::sdk::OkStatus();
}

bool PortFilterTransform::Keeps(const weir::Record& record) const {
  const bool named = ports_.contains(record.src_port) || ports_.contains(record.dst_port);
  return named != invert_;
}

}  // namespace example
