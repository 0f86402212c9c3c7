// SPDX-License-Identifier: Apache-2.0
// The flow record of the pipeline (a row of a batch), how one is made from what
// the kernel counted, and how two of the same flow become one.
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

using Record = weir_record;

static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) % 8 == 0);
// Binary contract of WEIR_RECORD_VERSION 2: fields are only ever appended.
static_assert(offsetof(Record, packets) == 56 && offsetof(Record, present) == 104 &&
              offsetof(Record, interface_name) == 140 && offsetof(Record, wire_bytes) == 168 &&
              offsetof(Record, tcp_flag_pairs) == 192 && sizeof(Record) == 200);

// The name of an interface index, "unknown" where it has none.
using InterfaceNamer = std::function<std::string(uint32_t if_index)>;

inline constexpr char kUnknownInterface[] = "unknown";
inline constexpr size_t kMaxInterfaceName = sizeof(Record::interface_name) - 1;

inline IpAddr SrcAddr(const Record& record) { return IpAddr::FromBytes(record.src_addr); }
inline IpAddr DstAddr(const Record& record) { return IpAddr::FromBytes(record.dst_addr); }
inline IpAddr AgentIp(const Record& record) { return IpAddr::FromBytes(record.agent_ip); }
inline MacAddr SrcMac(const Record& record) { return MacAddr::FromBytes(record.src_mac); }
inline MacAddr DstMac(const Record& record) { return MacAddr::FromBytes(record.dst_mac); }

// Valid as long as `record` is.
inline std::string_view InterfaceName(const Record& record) {
  return {record.interface_name, strnlen(record.interface_name, sizeof(record.interface_name))};
}

// Cuts `name` to kMaxInterfaceName bytes (the kernel's own names have up to 15).
inline void SetInterfaceName(std::string_view name, Record* record) {
  std::memset(record->interface_name, 0, sizeof(record->interface_name));
  name.copy(record->interface_name, kMaxInterfaceName);  // of an empty name, no memory either
}

// One instant on both clocks: what turns monotonic times into wall times.
struct ClockPair {
  int64_t wall_ns = 0;  // since 1970-01-01T00:00:00Z
  uint64_t monotonic_ns = 0;

  // Wraps as two's complement does, so that no recording can make it undefined.
  int64_t WallTime(uint64_t mono_time_ns) const {
    return static_cast<int64_t>(static_cast<uint64_t>(wall_ns) - (monotonic_ns - mono_time_ns));
  }
};

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

// The record of `key` and `metrics` as seen at the instant (`now` wall time in ns,
// `mono_now` on the metrics' clock). `namer` may be empty: the record is not named. A time of 0
// is "not yet set": then the record has no time that counts as measured.
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

// Packets on the wire; where they were not counted, the buffers stand for them: the
// least they can be.
inline uint64_t WirePackets(const Record& record) {
  return record.present & WEIR_HAS_WIRE_PACKETS ? record.wire_packets : record.packets;
}

// Bytes on the wire; where they were not counted, those of the buffers.
inline uint64_t WireBytes(const Record& record) {
  return record.present & WEIR_HAS_WIRE_BYTES ? record.wire_bytes : record.bytes;
}

// The VLAN as a part of the flow's identity: 0 where it is none, else another number for each
// VLAN and for packets without a tag.
inline uint32_t VlanKey(uint64_t present, uint16_t vlan_id) {
  constexpr uint32_t kIsKey = 1u << 17;
  constexpr uint32_t kTagged = 1u << 16;
  if ((present & WEIR_VLAN_IS_KEY) == 0) return 0;
  return kIsKey | ((present & WEIR_HAS_VLAN) != 0 ? kTagged | vlan_id : 0);
}
inline uint32_t VlanKey(const Record& record) { return VlanKey(record.present, record.vlan_id); }

// The bits of `present` that say which times were measured. Records of which a time is "not yet
// set" have neither: raw records of the reference (NewRecord), and those of sources that do not
// know the bits.
inline constexpr uint64_t kTimeBits = WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME;

// Whether the monotonic times were measured. Without kTimeBits: unless the start is 0.
inline bool HasMonoTime(const Record& record) {
  return (record.present & kTimeBits) != 0 ? (record.present & WEIR_HAS_MONO_TIME) != 0
                                           : record.start_mono_time_ns != 0;
}

// Whether the wall times were measured. Without kTimeBits: unless both are 0.
inline bool HasWallTime(const Record& record) {
  return (record.present & kTimeBits) != 0
             ? (record.present & WEIR_HAS_WALL_TIME) != 0
             : record.start_wall_time_ns != 0 || record.end_wall_time_ns != 0;
}

// From the first packet to the last, in ns: by the monotonic clock, or by the wall clock where
// only that one was measured. None if that is unknown or negative.
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

// By a clock that both have; where they do not say which they have, the monotonic one.
inline bool StartsBefore(const Record& a, const Record& b) {
  const uint64_t clocks = a.present & b.present & kTimeBits;
  if (clocks == WEIR_HAS_WALL_TIME) return a.start_wall_time_ns < b.start_wall_time_ns;
  return a.start_mono_time_ns < b.start_mono_time_ns;
}

// Whether any time was measured. Packets of a capture may have none.
inline bool HasTime(const Record& record) {
  return HasMonoTime(record) || HasWallTime(record) || record.end_mono_time_ns != 0;
}

namespace internal {

// The reference's rule to the letter: a time of 0 is "not yet set". Such a start counts as the
// earliest when it arrives, and gives way to whatever comes after it. Wall times go with the
// monotonic times that they were made of. Returns which of kTimeBits `into` has then: those that
// one of the two had, if both times are set.
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

// Earliest start and latest end of each clock for itself: a wall clock that was set, or that
// alone was measured, leaves the other one as it is. So does a record without any time. Returns
// which of kTimeBits `into` has then.
inline uint64_t AccumulateTimes(const Record& other, Record* into) {
  const uint64_t has = into->present & kTimeBits;
  const uint64_t others = other.present & kTimeBits;
  if (others == 0 && !HasTime(other)) return has;
  // One of them says nothing, and the other one may be a raw record too.
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

// Adds `other`, a record of the same flow, to `into`: earliest start, latest end, sums.
inline void Accumulate(const Record& other, Record* into) {
  // The VLAN is that of the first packet, which may have had no tag.
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
  // Of the rest the first value seen stands, as "first seen" is what they mean.
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
