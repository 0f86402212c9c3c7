// SPDX-License-Identifier: Apache-2.0
#include "port_filter/port_filter.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "plugins/sdk/emit_rows.h"

namespace example {

weir::sdk::Result<std::unique_ptr<PortFilterTransform>> PortFilterTransform::Create(
    const PortFilter& config, weir::sdk::Stage stage) {
  // The host has already checked the configuration by the rules in port_filter.proto.
  return std::unique_ptr<PortFilterTransform>(new PortFilterTransform(config, std::move(stage)));
}

PortFilterTransform::PortFilterTransform(const PortFilter& config, weir::sdk::Stage stage)
    : ports_(config.ports().begin(), config.ports().end()),
      invert_(config.invert()),
      stage_(std::move(stage)) {}

weir::sdk::Status PortFilterTransform::Process(const weir::BatchView& batch) {
  kept_.clear();
  for (uint32_t i = 0; i < batch.size(); ++i) {
    if (Keeps(batch[i])) kept_.push_back(i);
  }
  stage_.CountFiltered(batch.size() - kept_.size());
  // Rows are copied whole, so fields that this transform does not know are kept.
  return weir::sdk::EmitRows(stage_, *batch.raw(), kept_);
}

bool PortFilterTransform::Keeps(const weir::Record& record) const {
  const bool named = ports_.contains(record.src_port) || ports_.contains(record.dst_port);
  return named != invert_;
}

}  // namespace example
