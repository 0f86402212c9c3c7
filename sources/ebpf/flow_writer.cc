// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/flow_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/record/raw_record.h"
#include "core/record/tcp_flags.h"

namespace weir::ebpf {

namespace {

void SetDetails(const flow_details_t& details, Record* record) {
  const auto has = [&](uint8_t flag) { return (details.flags & flag) != 0; };
  if (has(WEIR_FLOW_HAS_TCP)) {
    record->tcp_flags = details.tcp_flags & WEIR_TCP_FLAGS;
    record->tcp_flag_pairs = TcpFlagPairsOf(kTcpAck | details.tcp_flags >> WEIR_TCP_PAIR_SHIFT);
    record->present |= WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS;
  }
  if (has(WEIR_FLOW_HAS_DSCP)) {
    record->dscp = details.dscp;
    record->present |= WEIR_HAS_DSCP;
  }
  if (has(WEIR_FLOW_HAS_ICMP)) {
    record->icmp_type = details.icmp_type;
    record->icmp_code = details.icmp_code;
    record->present |= WEIR_HAS_ICMP;
  }
  if ((details.vlan & WEIR_VLAN_PRESENT) != 0) {
    record->vlan_id = details.vlan & ~WEIR_VLAN_PRESENT;
    record->present |= WEIR_HAS_VLAN;
  }
  if (has(WEIR_FLOW_VLAN_KEY)) record->present |= WEIR_VLAN_IS_KEY;
  if (details.sampling_interval > 1) {
    record->sampling_interval = details.sampling_interval;
    record->present |= WEIR_HAS_SAMPLING;
  }
}

FlowEndReason EndReason(FlowEndReason reason, const flow_details_t& details) {
  constexpr uint16_t kFinOrRst = 0x01 | 0x04;
  const bool ended = (details.tcp_flags & kFinOrRst) != 0;
  return ended && reason == FlowEndReason::kActiveTimeout ? FlowEndReason::kEndOfFlowDetected
                                                          : reason;
}

}  // namespace

void FlowWriter::Add(const Flow& flow) {
  const flow_value_t& value = flow.value;
  ++received_;
  Record* const record = batch_.Add();
  if (record == nullptr) {
    if (status_.ok()) status_ = batch_.status();
    const bool no_memory = batch_.status().code() == WEIR_RESOURCE_EXHAUSTED;
    stage_->CountDropped(no_memory ? "no_memory" : "pipeline_ended", 1);
    return;
  }
  RecordKey key;
  std::memcpy(&key, &flow.id, sizeof(key));
  SetKey(key, record);
  record->packets = value.packets;
  record->bytes = value.bytes;
  record->wire_packets = value.wire_packets;
  record->wire_bytes = value.bytes + value.more_wire_bytes;
  SetTimes(value, record);
  record->flow_end_reason = static_cast<uint8_t>(EndReason(reason_, value.details));
  record->present |= WEIR_HAS_FLOW_END_REASON | WEIR_HAS_WIRE_PACKETS | WEIR_HAS_WIRE_BYTES |
                     WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME;
  SetDetails(value.details, record);
  if (namespaces_ != nullptr) namespaces_->Describe(value.details.namespace_id, record);
}

// A packet of the ring may have come after the clocks were read: read them again. If a time is
// still later, it is the end of a flow in jiffies, which may be wrong by one jiffy.
void FlowWriter::SetTimes(const flow_value_t& value, Record* record) {
  if (value.end_time > clock_.monotonic_ns()) clock_.Read();
  record->end_mono_time_ns = std::min<uint64_t>(value.end_time, clock_.monotonic_ns());
  record->start_mono_time_ns =
      std::min<uint64_t>(value.start_mono_time_ns, record->end_mono_time_ns);
  record->start_wall_time_ns = clock_.TimeOf(record->start_mono_time_ns);
  record->end_wall_time_ns = clock_.TimeOf(record->end_mono_time_ns);
}

sdk::Status FlowWriter::Flush() {
  stage_->CountReceived(std::exchange(received_, 0));
  const sdk::Status flushed = batch_.Flush();
  if (status_.ok() && !flushed.ok()) status_ = flushed;
  return status_;
}

}  // namespace weir::ebpf
