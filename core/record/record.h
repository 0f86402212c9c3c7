// SPDX-License-Identifier: Apache-2.0
// The flow record of the pipeline (a row of a batch): access to its fields, making one from a raw
// record, and merging two records of one flow.
#ifndef WEIR_CORE_RECORD_RECORD_H_
#define WEIR_CORE_RECORD_RECORD_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/record/raw_record.h"
#include "plugins/abi/weir_plugin.h"

namespace weir {

// weir_plugin.h describes the fields.
using Record = weir_record;

static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) % 8 == 0);
// Binary contract of WEIR_RECORD_VERSION 2: fields may only be appended.
static_assert(offsetof(Record, packets) == 56 && offsetof(Record, present) == 104 &&
              offsetof(Record, interface_name) == 140 && offsetof(Record, wire_bytes) == 168 &&
              offsetof(Record, tcp_flag_pairs) == 192 && sizeof(Record) == 200);

// Returns the name of an interface index, or "unknown".
using InterfaceNamer = std::function<std::string(uint32_t if_index)>;

inline constexpr char kUnknownInterface[] = "unknown";
// The greatest length of an interface name, in bytes.
inline constexpr size_t kMaxInterfaceName = sizeof(Record::interface_name) - 1;

inline IpAddr SrcAddr(const Record& record) { return IpAddr::FromBytes(record.src_addr); }
inline IpAddr DstAddr(const Record& record) { return IpAddr::FromBytes(record.dst_addr); }
inline IpAddr AgentIp(const Record& record) { return IpAddr::FromBytes(record.agent_ip); }
inline MacAddr SrcMac(const Record& record) { return MacAddr::FromBytes(record.src_mac); }
inline MacAddr DstMac(const Record& record) { return MacAddr::FromBytes(record.dst_mac); }

// Valid as long as `record`.
inline std::string_view InterfaceName(const Record& record) {
  return {record.interface_name, strnlen(record.interface_name, sizeof(record.interface_name))};
}

// Cuts `name` to kMaxInterfaceName bytes. Names in the kernel have at most 15.
inline void SetInterfaceName(std::string_view name, Record* record) {
  std::memset(record->interface_name, 0, sizeof(record->interface_name));
  name.copy(record->interface_name, kMaxInterfaceName);
}

// One instant on both clocks. Converts monotonic times into wall times.
struct ClockPair {
  int64_t wall_ns = 0;  // since 1970-01-01T00:00:00Z
  uint64_t monotonic_ns = 0;

  // Wraps on overflow (two's complement), so that no input causes undefined behaviour.
  int64_t WallTime(uint64_t mono_time_ns) const {
    return static_cast<int64_t>(static_cast<uint64_t>(wall_ns) - (monotonic_ns - mono_time_ns));
  }
};

// Sets the wall times of `record` from its monotonic times.
inline void SetWallTimes(const ClockPair& clocks, Record* record) {
  record->start_wall_time_ns = clocks.WallTime(record->start_mono_time_ns);
  record->end_wall_time_ns = clocks.WallTime(record->end_mono_time_ns);
}

inline void SetKey(const RecordKey& key, Record* record) {
  std::memcpy(record->src_addr, &key.network.src_addr, kIpLength);
  std::memcpy(record->dst_addr, &key.network.dst_addr, kIpLength);
  std::memcpy(record->src_mac, &key.data_link.src_mac, kMacLength);
  std::memcpy(record->dst_mac, &key.data_link.dst_mac, kMacLength);
  record->eth_protocol = key.eth_protocol;
  record->src_port = key.transport.src_port;
  record->dst_port = key.transport.dst_port;
  record->transport_protocol = key.transport.protocol;
  record->direction = key.direction;
  record->if_index = key.if_index;
}

inline RecordKey KeyOf(const Record& record) {
  RecordKey key{};
  key.eth_protocol = record.eth_protocol;
  key.direction = record.direction;
  key.data_link = {SrcMac(record), DstMac(record)};
  key.network = {SrcAddr(record), DstAddr(record)};
  key.transport = {record.src_port, record.dst_port, record.transport_protocol};
  key.if_index = record.if_index;
  return key;
}

// Makes a record of `key` and `metrics`. `now` (wall time in ns) and `mono_now` (CLOCK_MONOTONIC in
// ns) are the same instant. If `namer` is empty, the record gets no interface name. If a time of
// `metrics` is 0 ("not yet set"), no time of the record counts as measured.
inline Record NewRecord(const RecordKey& key, const RecordMetrics& metrics, int64_t now,
                        uint64_t mono_now, const InterfaceNamer& namer) {
  Record record{};
  SetKey(key, &record);
  record.packets = metrics.packets;
  record.bytes = metrics.bytes;
  record.start_mono_time_ns = metrics.start_mono_time_ns;
  record.end_mono_time_ns = metrics.end_mono_time_ns;
  SetWallTimes({now, mono_now}, &record);
  if (metrics.start_mono_time_ns != 0 && metrics.end_mono_time_ns != 0) {
    record.present = WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME;
  }
  if (namer) SetInterfaceName(namer(record.if_index), &record);
  return record;
}

// Returns the packets on the wire, or, if they were not counted, the buffers: there were at least
// as many packets.
inline uint64_t WirePackets(const Record& record) {
  return record.present & WEIR_HAS_WIRE_PACKETS ? record.wire_packets : record.packets;
}

// Returns the bytes on the wire, or, if they were not counted, those of the buffers.
inline uint64_t WireBytes(const Record& record) {
  return record.present & WEIR_HAS_WIRE_BYTES ? record.wire_bytes : record.bytes;
}

// Returns the VLAN as part of the flow's identity: 0 if the VLAN is not part of it, else a
// different number for each VLAN and one for packets without a tag.
inline uint32_t VlanKey(uint64_t present, uint16_t vlan_id) {
  constexpr uint32_t kIsKey = 1u << 17;
  constexpr uint32_t kTagged = 1u << 16;
  if ((present & WEIR_VLAN_IS_KEY) == 0) return 0;
  return kIsKey | ((present & WEIR_HAS_VLAN) != 0 ? kTagged | vlan_id : 0);
}
inline uint32_t VlanKey(const Record& record) { return VlanKey(record.present, record.vlan_id); }

// The bits of `present` that say which times were measured. Both are clear in a raw record with a
// time that is "not yet set" (NewRecord), and in records of a source that does not know the bits.
inline constexpr uint64_t kTimeBits = WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME;

// Returns true if the monotonic times were measured. If both kTimeBits are clear: if the start is
// not 0.
inline bool HasMonoTime(const Record& record) {
  return (record.present & kTimeBits) != 0 ? (record.present & WEIR_HAS_MONO_TIME) != 0
                                           : record.start_mono_time_ns != 0;
}

// Returns true if the wall times were measured. If both kTimeBits are clear: if one of them is not
// 0.
inline bool HasWallTime(const Record& record) {
  return (record.present & kTimeBits) != 0
             ? (record.present & WEIR_HAS_WALL_TIME) != 0
             : record.start_wall_time_ns != 0 || record.end_wall_time_ns != 0;
}

// Returns the time from the first packet to the last in ns: by the monotonic clock, or by the wall
// clock if only that one was measured. Returns nothing if it is unknown or negative.
inline std::optional<uint64_t> DurationOf(const Record& record) {
  if (HasMonoTime(record)) {
    if (record.end_mono_time_ns < record.start_mono_time_ns) return std::nullopt;
    return record.end_mono_time_ns - record.start_mono_time_ns;
  }
  const bool has_wall = (record.present & WEIR_HAS_WALL_TIME) != 0;
  if (!has_wall || record.end_wall_time_ns < record.start_wall_time_ns) return std::nullopt;
  return static_cast<uint64_t>(record.end_wall_time_ns) -
         static_cast<uint64_t>(record.start_wall_time_ns);
}

// Returns true if `a` starts before `b`, by the wall clock if it is the only common clock, else by
// the monotonic clock.
inline bool StartsBefore(const Record& a, const Record& b) {
  const uint64_t clocks = a.present & b.present & kTimeBits;
  if (clocks == WEIR_HAS_WALL_TIME) return a.start_wall_time_ns < b.start_wall_time_ns;
  return a.start_mono_time_ns < b.start_mono_time_ns;
}

// Returns true if any time was measured. Packets of a capture may have none.
inline bool HasTime(const Record& record) {
  return HasMonoTime(record) || HasWallTime(record) || record.end_mono_time_ns != 0;
}

namespace internal {

// The rule of netobserv-ebpf-agent (package `flow`), to the letter: a time of 0 is "not yet set". A
// start of 0 that arrives counts as the earliest, and the next start replaces it. Wall times go
// with the monotonic times from which they were made. Returns the new kTimeBits of `into`: those of
// both records together, if both times are set, else 0.
inline uint64_t AccumulateRawTimes(const Record& other, Record* into) {
  const uint64_t said = (into->present | other.present) & kTimeBits;
  if (into->start_mono_time_ns == 0 || into->start_mono_time_ns > other.start_mono_time_ns) {
    into->start_mono_time_ns = other.start_mono_time_ns;
    into->start_wall_time_ns = other.start_wall_time_ns;
  }
  if (into->end_mono_time_ns == 0 || into->end_mono_time_ns < other.end_mono_time_ns) {
    into->end_mono_time_ns = other.end_mono_time_ns;
    into->end_wall_time_ns = other.end_wall_time_ns;
  }
  return into->start_mono_time_ns != 0 && into->end_mono_time_ns != 0 ? said : 0;
}

template <typename Time>
void Widen(Time other_start, Time other_end, Time* start, Time* end) {
  *start = std::min(*start, other_start);
  *end = std::max(*end, other_end);
}

// Takes the earliest start and the latest end of each clock by itself. Times of one clock do not
// change those of the other, and a record without times changes none. Returns the new kTimeBits of
// `into`.
inline uint64_t AccumulateTimes(const Record& other, Record* into) {
  const uint64_t has = into->present & kTimeBits;
  const uint64_t others = other.present & kTimeBits;
  if (!HasTime(other)) return has;
  // A record without bits is raw. The other one may be raw too if it has none or both bits.
  if (has == 0 || others == 0) {
    if ((has | others) == 0 || (has | others) == kTimeBits) return AccumulateRawTimes(other, into);
  }
  if ((has & others & WEIR_HAS_MONO_TIME) != 0) {
    Widen(other.start_mono_time_ns, other.end_mono_time_ns, &into->start_mono_time_ns,
          &into->end_mono_time_ns);
  } else if ((others & WEIR_HAS_MONO_TIME) != 0) {
    into->start_mono_time_ns = other.start_mono_time_ns;
    into->end_mono_time_ns = other.end_mono_time_ns;
  }
  if ((has & others & WEIR_HAS_WALL_TIME) != 0) {
    Widen(other.start_wall_time_ns, other.end_wall_time_ns, &into->start_wall_time_ns,
          &into->end_wall_time_ns);
  } else if ((others & WEIR_HAS_WALL_TIME) != 0) {
    into->start_wall_time_ns = other.start_wall_time_ns;
    into->end_wall_time_ns = other.end_wall_time_ns;
  }
  return has | others;
}

}  // namespace internal

// Merges `other`, a record of the same flow, into `into`: earliest start, latest end, sums, and the
// union of TCP flags.
inline void Accumulate(const Record& other, Record* into) {
  // The VLAN belongs to the first packet, which may have no tag.
  const Record& first = StartsBefore(other, *into) ? other : *into;
  const uint64_t has_vlan = first.present & WEIR_HAS_VLAN;
  const uint16_t vlan_id = first.vlan_id;
  const uint64_t time_bits = internal::AccumulateTimes(other, into);
  if ((into->present | other.present) & WEIR_HAS_WIRE_PACKETS) {
    into->wire_packets = WirePackets(*into) + WirePackets(other);
  }
  if ((into->present | other.present) & WEIR_HAS_WIRE_BYTES) {
    into->wire_bytes = WireBytes(*into) + WireBytes(other);
  }
  into->packets += other.packets;
  into->bytes += other.bytes;
  into->tcp_flags |= other.tcp_flags;
  into->tcp_flag_pairs |= other.tcp_flag_pairs;
  // These fields keep the value that was seen first.
  const uint64_t added = other.present & ~into->present;
  if (added & WEIR_HAS_DSCP) into->dscp = other.dscp;
  if (added & WEIR_HAS_ICMP) {
    into->icmp_type = other.icmp_type;
    into->icmp_code = other.icmp_code;
  }
  if (added & WEIR_HAS_SAMPLING) into->sampling_interval = other.sampling_interval;
  if (added & WEIR_HAS_AGENT_IP) std::memcpy(into->agent_ip, other.agent_ip, kIpLength);
  if (other.present & WEIR_HAS_FLOW_END_REASON) into->flow_end_reason = other.flow_end_reason;
  into->present =
      ((into->present | other.present) & ~(kTimeBits | WEIR_HAS_VLAN)) | time_bits | has_vlan;
  into->vlan_id = vlan_id;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_RECORD_H_
