// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/flow_entry.h"

#include <algorithm>

namespace weir::transforms {
namespace {

constexpr int kBytesBits = 38;
constexpr int kPacketsBits = 26;
constexpr int kMoreWireBytesBits = 28;
constexpr int kMoreWirePacketsBits = 22;
constexpr int kDurationBits = 42;
constexpr int kVlanBits = 12;
constexpr int kTcpFlagsBits = 12;
constexpr int kTcpFlagPairsBits = 3;

constexpr bool FitsBits(uint64_t value, int bits) { return value >> bits == 0; }
constexpr uint64_t LowBits(uint64_t value, int bits) { return value & ((uint64_t{1} << bits) - 1); }

// The bits of weir_record.present that an entry contains: all known bits except WEIR_IS_DUPLICATE.
constexpr uint64_t kBitsBeforeDuplicate = WEIR_IS_DUPLICATE - 1;
constexpr uint64_t kBitsBehindDuplicate = WEIR_HAS_WIRE_BYTES | WEIR_HAS_AGENT_IP |
                                          WEIR_HAS_TCP_FLAG_PAIRS | WEIR_HAS_MONO_TIME |
                                          WEIR_HAS_WALL_TIME;
constexpr bool FitsPresent(uint64_t present) {
  return (present & ~(kBitsBeforeDuplicate | kBitsBehindDuplicate | WEIR_VLAN_IS_KEY)) == 0;
}
constexpr uint64_t NarrowPresent(uint64_t present) {
  return (present & kBitsBeforeDuplicate) | (present & kBitsBehindDuplicate) >> 1;
}
uint64_t PresentOf(const FlowEntry& entry) {
  const uint64_t narrow = entry.present;
  return (narrow & kBitsBeforeDuplicate) | (narrow << 1 & kBitsBehindDuplicate) |
         (entry.vlan_is_key ? WEIR_VLAN_IS_KEY : 0);
}

// Converts the TCP flags and pairs of a record to those of an entry, if they fit.
constexpr bool FitTcpFlags(const Record& record) {
  return FitsBits(record.tcp_flags, kTcpFlagsBits) &&
         FitsBits(record.tcp_flag_pairs, kTcpFlagPairsBits);
}
constexpr uint32_t NarrowTcpFlags(const Record& record) {
  return record.tcp_flags | uint32_t{record.tcp_flag_pairs} << kTcpFlagsBits;
}

// The start and the end. Differences wrap as in two's complement, so that they are defined for
// every record.
struct Times {
  uint64_t start_mono_ns;
  uint64_t end_mono_ns;
  int64_t start_wall_ns;
  int64_t end_wall_ns;

  // `present` is that of the record. Returns false, and does nothing, if they do not fit.
  bool PutInto(uint64_t present, FlowEntry* entry) const {
    const uint64_t duration =
        static_cast<uint64_t>(end_wall_ns) - static_cast<uint64_t>(start_wall_ns);
    const bool has_mono = HasMono(present, start_mono_ns);
    if (!has_mono && end_mono_ns != 0) return false;
    const uint64_t change = has_mono ? end_mono_ns - start_mono_ns - duration : 0;
    const auto narrow = static_cast<int32_t>(change);
    if (!FitsBits(duration, kDurationBits) || static_cast<uint64_t>(int64_t{narrow}) != change) {
      return false;
    }
    entry->start_mono_time_ns = start_mono_ns;
    entry->start_wall_time_ns = start_wall_ns;
    entry->duration_ns = LowBits(duration, kDurationBits);
    entry->mono_change_ns = narrow;
    return true;
  }

  static Times Of(const FlowEntry& entry) {
    Times times;
    times.start_mono_ns = entry.start_mono_time_ns;
    times.start_wall_ns = entry.start_wall_time_ns;
    times.end_wall_ns =
        static_cast<int64_t>(static_cast<uint64_t>(entry.start_wall_time_ns) + entry.duration_ns);
    times.end_mono_ns = 0;
    if (HasMono(PresentOf(entry), times.start_mono_ns)) {
      times.end_mono_ns = times.start_mono_ns + entry.duration_ns +
                          static_cast<uint64_t>(int64_t{entry.mono_change_ns});
    }
    return times;
  }

 private:
  static bool HasMono(uint64_t present, uint64_t start_mono_ns) {
    return (present & WEIR_HAS_MONO_TIME) != 0 || start_mono_ns != 0;
  }
};

// Counters in the form of an entry. The sum of two counters always fits into 64 bits.
struct Counts {
  uint64_t packets;
  uint64_t bytes;
  uint64_t more_wire_packets;
  uint64_t more_wire_bytes;

  // A wire counter below the other one wraps, and so does not fit. A counter without its bit is 0.
  static Counts Of(const Record& record) {
    return {record.packets, record.bytes, WirePackets(record) - record.packets,
            WireBytes(record) - record.bytes};
  }
  static Counts Of(const FlowEntry& entry) {
    return {entry.packets, entry.bytes, entry.more_wire_packets, entry.more_wire_bytes};
  }

  bool Fit() const {
    return FitsBits(packets, kPacketsBits) && FitsBits(bytes, kBytesBits) &&
           FitsBits(more_wire_packets, kMoreWirePacketsBits) &&
           FitsBits(more_wire_bytes, kMoreWireBytesBits);
  }
  void Add(const Counts& other) {
    packets += other.packets;
    bytes += other.bytes;
    more_wire_packets += other.more_wire_packets;
    more_wire_bytes += other.more_wire_bytes;
  }
  void PutInto(FlowEntry* entry) const {
    entry->packets = LowBits(packets, kPacketsBits);
    entry->bytes = LowBits(bytes, kBytesBits);
    entry->more_wire_packets = LowBits(more_wire_packets, kMoreWirePacketsBits);
    entry->more_wire_bytes = LowBits(more_wire_bytes, kMoreWireBytesBits);
  }
};

// Returns false if a field has a value although its bit in `present` is not set.
bool HasNoStrayWireCounts(const Record& record) {
  return ((record.present & WEIR_HAS_WIRE_PACKETS) != 0 || record.wire_packets == 0) &&
         ((record.present & WEIR_HAS_WIRE_BYTES) != 0 || record.wire_bytes == 0);
}

// Merges times, like Accumulate. `present` is that of the entry. Returns false if the result does
// not fit, or the two records do not have the same clocks.
bool MergeTimes(const Record& record, uint64_t present, FlowEntry* entry) {
  const uint64_t clocks = present & kTimeBits;
  if ((clocks & WEIR_HAS_WALL_TIME) == 0 || (record.present & kTimeBits) != clocks) return false;
  Times times = Times::Of(*entry);
  times.start_wall_ns = std::min(times.start_wall_ns, record.start_wall_time_ns);
  times.end_wall_ns = std::max(times.end_wall_ns, record.end_wall_time_ns);
  if ((clocks & WEIR_HAS_MONO_TIME) != 0) {
    times.start_mono_ns = std::min(times.start_mono_ns, record.start_mono_time_ns);
    times.end_mono_ns = std::max(times.end_mono_ns, record.end_mono_time_ns);
  }
  return times.PutInto(present, entry);
}

}  // namespace

bool Compact(const Record& record, FlowEntry* entry) {
  std::memcpy(entry->key, &record, kKeySize);
  entry->network_namespace = static_cast<uint32_t>(record.network_namespace);
  const bool has_icmp = (record.present & WEIR_HAS_ICMP) != 0;
  const uint32_t icmp = record.icmp_type | static_cast<uint32_t>(record.icmp_code) << 8;
  const Counts counts = Counts::Of(record);
  if (!FitsBits(record.network_namespace, 32) || !FitsPresent(record.present) ||
      record.flow_end_reason >= 8 || record.dscp >= 64 || !FitsBits(record.vlan_id, kVlanBits) ||
      !FitTcpFlags(record) || (has_icmp ? NarrowTcpFlags(record) : icmp) != 0 ||
      !HasNoStrayWireCounts(record) || !counts.Fit()) {
    return false;
  }
  const Times times{record.start_mono_time_ns, record.end_mono_time_ns, record.start_wall_time_ns,
                    record.end_wall_time_ns};
  if (!times.PutInto(record.present, entry)) return false;
  entry->wide = 0;
  entry->vlan_is_key = (record.present & WEIR_VLAN_IS_KEY) != 0 ? 1 : 0;
  entry->present = LowBits(NarrowPresent(record.present), 13);
  entry->flow_end_reason = record.flow_end_reason & 7u;
  entry->dscp = record.dscp & 63u;
  entry->flags_or_icmp = (has_icmp ? icmp : NarrowTcpFlags(record)) & 0xffff;
  entry->vlan_id = LowBits(record.vlan_id, kVlanBits);
  counts.PutInto(entry);
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
  record->present = PresentOf(entry);
  record->network_namespace = entry.network_namespace;
  const auto if_measured = [record](uint64_t bit, uint64_t value) {
    return (record->present & bit) != 0 ? value : 0;
  };
  record->wire_packets =
      if_measured(WEIR_HAS_WIRE_PACKETS, record->packets + entry.more_wire_packets);
  record->wire_bytes = if_measured(WEIR_HAS_WIRE_BYTES, record->bytes + entry.more_wire_bytes);
  const bool has_icmp = (record->present & WEIR_HAS_ICMP) != 0;
  const uint64_t flags = has_icmp ? 0 : entry.flags_or_icmp;
  record->tcp_flags = static_cast<uint16_t>(LowBits(flags, kTcpFlagsBits));
  record->tcp_flag_pairs = static_cast<uint8_t>(flags >> kTcpFlagsBits);
  record->vlan_id = entry.vlan_id;
  record->dscp = entry.dscp;
  record->icmp_type = has_icmp ? entry.flags_or_icmp & 0xff : 0;
  record->icmp_code = has_icmp ? entry.flags_or_icmp >> 8 : 0;
  record->flow_end_reason = entry.flow_end_reason;
  std::memset(record->reserved, 0, sizeof(record->reserved));
}

bool Merge(const Record& record, FlowEntry* entry) {
  // A field that is measured for the first time has rules of its own; it happens once per flow.
  const uint64_t present = PresentOf(*entry);
  if ((record.present & ~present) != 0) return false;
  // So does another VLAN.
  if (((present ^ record.present) & WEIR_HAS_VLAN) != 0 || record.vlan_id != entry->vlan_id) {
    return false;
  }
  const bool has_icmp = (present & WEIR_HAS_ICMP) != 0;
  if (!FitTcpFlags(record) || (has_icmp && NarrowTcpFlags(record) != 0)) return false;
  const bool has_reason = (record.present & WEIR_HAS_FLOW_END_REASON) != 0;
  if (has_reason && record.flow_end_reason >= 8) return false;

  const Counts more = Counts::Of(record);
  if (!more.Fit()) return false;
  Counts counts = Counts::Of(*entry);
  counts.Add(more);
  if (!counts.Fit()) return false;

  if (!MergeTimes(record, present, entry)) return false;
  counts.PutInto(entry);
  // Without has_icmp these are TCP flags. With it there is nothing to merge.
  entry->flags_or_icmp |= NarrowTcpFlags(record) & 0xffff;
  if (has_reason) entry->flow_end_reason = record.flow_end_reason & 7u;
  return true;
}

}  // namespace weir::transforms
