// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/flow_entry.h"

namespace weir::transforms {
namespace {

constexpr int kBytesBits = 46;
constexpr int kTimeBits = 48;

constexpr bool FitsBits(uint64_t value, int bits) { return value >> bits == 0; }

// All of these wrap as two's complement does, so that no record can make them undefined.
uint64_t WallOffset(uint64_t mono_ns, int64_t wall_ns) {
  return static_cast<uint64_t>(wall_ns) - mono_ns;
}

// Start and end as an entry has them. False: they do not fit.
struct Times {
  uint64_t start_mono_ns;
  uint64_t end_mono_ns;
  int64_t start_wall_ns;
  int64_t end_wall_ns;

  bool PutInto(FlowEntry* entry) const {
    const uint64_t duration = end_mono_ns - start_mono_ns;
    const uint64_t change =
        WallOffset(end_mono_ns, end_wall_ns) - WallOffset(start_mono_ns, start_wall_ns);
    const auto narrow = static_cast<int32_t>(change);
    if (!FitsBits(duration, kTimeBits) || static_cast<uint64_t>(int64_t{narrow}) != change) {
      return false;
    }
    entry->start_mono_time_ns = start_mono_ns;
    entry->start_wall_time_ns = start_wall_ns;
    entry->duration_ns = duration;
    entry->wall_clock_change_ns = narrow;
    return true;
  }

  static Times Of(const FlowEntry& entry) {
    Times times;
    times.start_mono_ns = entry.start_mono_time_ns;
    times.end_mono_ns = entry.start_mono_time_ns + entry.duration_ns;
    times.start_wall_ns = entry.start_wall_time_ns;
    times.end_wall_ns = static_cast<int64_t>(
        WallOffset(times.start_mono_ns, times.start_wall_ns) +
        static_cast<uint64_t>(int64_t{entry.wall_clock_change_ns}) + times.end_mono_ns);
    return times;
  }
};

bool FitsCounts(uint64_t packets, uint64_t wire_packets, uint64_t bytes) {
  return FitsBits(packets | wire_packets, 32) && FitsBits(bytes, kBytesBits);
}

// Does the part of Accumulate that is about times. False: the result does not fit.
bool MergeTimes(const Record& record, FlowEntry* entry) {
  const uint64_t start_ns = entry->start_mono_time_ns;
  const uint64_t end_ns = start_ns + entry->duration_ns;
  const bool later = end_ns == 0 || end_ns < record.end_mono_time_ns;
  if (start_ns != 0 && start_ns <= record.start_mono_time_ns) {
    // Records come in order, most of them.
    return !later || Times{start_ns, record.end_mono_time_ns, entry->start_wall_time_ns,
                           record.end_wall_time_ns}
                         .PutInto(entry);
  }
  Times times = Times::Of(*entry);
  times.start_mono_ns = record.start_mono_time_ns;
  times.start_wall_ns = record.start_wall_time_ns;
  if (later) {
    times.end_mono_ns = record.end_mono_time_ns;
    times.end_wall_ns = record.end_wall_time_ns;
  }
  return times.PutInto(entry);
}

}  // namespace

bool Compact(const Record& record, FlowEntry* entry) {
  std::memcpy(entry->key, &record, kKeySize);
  entry->network_namespace = static_cast<uint32_t>(record.network_namespace);
  const bool has_icmp = (record.present & WEIR_HAS_ICMP) != 0;
  const uint32_t icmp = record.icmp_type | static_cast<uint32_t>(record.icmp_code) << 8;
  if (!FitsBits(record.network_namespace, 32) || !FitsBits(record.present, 8) ||
      record.flow_end_reason >= 8 || record.dscp >= 64 ||
      (has_icmp ? record.tcp_flags : icmp) != 0 ||
      !FitsCounts(record.packets, record.wire_packets, record.bytes)) {
    return false;
  }
  const Times times{record.start_mono_time_ns, record.end_mono_time_ns, record.start_wall_time_ns,
                    record.end_wall_time_ns};
  if (!times.PutInto(entry)) return false;
  entry->wide = 0;
  entry->present = record.present & 0xff;
  entry->flow_end_reason = record.flow_end_reason & 7u;
  entry->dscp = record.dscp & 63u;
  entry->bytes = record.bytes & ((uint64_t{1} << kBytesBits) - 1);
  entry->flags_or_icmp = (has_icmp ? icmp : record.tcp_flags) & 0xffff;
  entry->vlan_id = record.vlan_id;
  entry->packets = static_cast<uint32_t>(record.packets);
  entry->wire_packets = static_cast<uint32_t>(record.wire_packets);
  return true;
}

void Expand(const FlowEntry& entry, Record* record) {
  std::memcpy(record, entry.key, kKeySize);
  record->packets = entry.packets;
  record->bytes = entry.bytes;
  const Times times = Times::Of(entry);
  record->start_mono_time_ns = times.start_mono_ns;
  record->end_mono_time_ns = times.end_mono_ns;
  record->start_wall_time_ns = times.start_wall_ns;
  record->end_wall_time_ns = times.end_wall_ns;
  record->present = entry.present;
  record->network_namespace = entry.network_namespace;
  record->wire_packets = entry.wire_packets;
  const bool has_icmp = (entry.present & WEIR_HAS_ICMP) != 0;
  record->tcp_flags = has_icmp ? 0 : entry.flags_or_icmp;
  record->vlan_id = entry.vlan_id;
  record->dscp = entry.dscp;
  record->icmp_type = has_icmp ? entry.flags_or_icmp & 0xff : 0;
  record->icmp_code = has_icmp ? entry.flags_or_icmp >> 8 : 0;
  record->flow_end_reason = entry.flow_end_reason;
}

bool Merge(const Record& record, FlowEntry* entry) {
  // What is measured for the first time now has rules of its own; it happens once a flow.
  if ((record.present & ~uint64_t{entry->present}) != 0) return false;
  const bool has_icmp = (entry->present & WEIR_HAS_ICMP) != 0;
  if (has_icmp && record.tcp_flags != 0) return false;
  const bool has_reason = (record.present & WEIR_HAS_FLOW_END_REASON) != 0;
  if (has_reason && record.flow_end_reason >= 8) return false;

  // As Accumulate has them, in unsigned numbers that cannot wrap where they are to fit.
  const bool has_wire = (entry->present & WEIR_HAS_WIRE_PACKETS) != 0;
  const uint64_t other_wire = WirePackets(record);
  const uint64_t packets = entry->packets + record.packets;
  const uint64_t bytes = entry->bytes + record.bytes;
  const uint64_t wire = has_wire ? entry->wire_packets + other_wire : entry->wire_packets;
  if (!FitsCounts(record.packets | packets, has_wire ? other_wire | wire : 0,
                  record.bytes | bytes)) {
    return false;
  }

  if (!MergeTimes(record, entry)) return false;
  entry->packets = static_cast<uint32_t>(packets);
  entry->bytes = bytes & ((uint64_t{1} << kBytesBits) - 1);
  entry->wire_packets = static_cast<uint32_t>(wire);
  // Without has_icmp these are TCP flags; with it there are none to add.
  entry->flags_or_icmp |= record.tcp_flags;
  if (has_reason) entry->flow_end_reason = record.flow_end_reason & 7u;
  return true;
}

}  // namespace weir::transforms
