// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/flow_writer.h"

#include <cstring>
#include <utility>

#include "core/record/raw_record.h"

namespace weir::ebpf {

void FlowWriter::Add(const flow_id_t& id, const flow_value_t& value) {
  ++received_;
  Record* const record = batch_.Add();
  if (record == nullptr) {
    if (status_.ok()) status_ = batch_.status();
    const bool no_memory = batch_.status().code() == WEIR_RESOURCE_EXHAUSTED;
    stage_->CountDropped(no_memory ? "no_memory" : "pipeline_ended", 1);
    return;
  }
  RecordKey key;
  std::memcpy(&key, &id, sizeof(key));
  SetKey(key, record);
  record->packets = value.packets;
  record->bytes = value.bytes;
  record->start_mono_time_ns = value.start_mono_time_ns;
  record->end_mono_time_ns = value.end_mono_time_ns;
  SetWallTimes(clocks_, record);
  record->flow_end_reason = static_cast<uint8_t>(reason_);
  record->present |= WEIR_HAS_FLOW_END_REASON;
  if (sampling_ > 1) {
    record->sampling_interval = sampling_;
    record->present |= WEIR_HAS_SAMPLING;
  }
}

sdk::Status FlowWriter::Flush() {
  stage_->CountReceived(std::exchange(received_, 0));
  const sdk::Status flushed = batch_.Flush();
  if (status_.ok() && !flushed.ok()) status_ = flushed;
  return status_;
}

}  // namespace weir::ebpf
