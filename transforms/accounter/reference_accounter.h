// SPDX-License-Identifier: Apache-2.0
// The simplest accounter, with which the real one is compared. Tests only.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_REFERENCE_ACCOUNTER_H_
#define WEIR_TRANSFORMS_ACCOUNTER_REFERENCE_ACCOUNTER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/record/constants.h"
#include "core/record/record.h"

namespace weir::transforms {

// The bytes of a record, for comparison and sorting.
using RecordBytes = std::array<uint8_t, sizeof(Record)>;

inline RecordBytes BytesOf(const Record& record) {
  RecordBytes bytes;
  std::memcpy(bytes.data(), &record, sizeof(record));
  return bytes;
}

inline std::vector<RecordBytes> SortedBytes(const std::vector<Record>& records) {
  std::vector<RecordBytes> sorted;
  for (const Record& record : records) sorted.push_back(BytesOf(record));
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

// 0: never.
struct ReferenceTimeouts {
  uint64_t active_ns = 0;
  uint64_t idle_ns = 0;
};

class ReferenceAccounter {
 public:
  explicit ReferenceAccounter(ReferenceTimeouts timeouts = {}) : timeouts_(timeouts) {}

  void Take(const Record& record, uint64_t now_ns = 0) {
    const auto key = KeyBytes(record);
    const auto held = flows_.find(key);
    if (held != flows_.end() && Deadline(held->second) > now_ns) {
      Accumulate(record, &held->second.record);
      held->second.last_ns = now_ns;
      return;
    }
    if (held != flows_.end()) {
      out.push_back(Ended(held->second));
      flows_.erase(held);
    }
    flows_.emplace(key, Flow{record, now_ns, now_ns});
  }

  // Emits all flows that are due.
  void Tick(uint64_t now_ns) {
    for (auto flow = flows_.begin(); flow != flows_.end();) {
      if (Deadline(flow->second) > now_ns) {
        ++flow;
        continue;
      }
      out.push_back(Ended(flow->second));
      flow = flows_.erase(flow);
    }
  }

  // Emits the other flows, at the end of the input.
  void Flush() {
    for (auto& [key, flow] : flows_) {
      out.push_back(flow.record);
      SetReason(FlowEndReason::kForcedEnd, &out.back());
    }
    flows_.clear();
  }

  // Emits all flows, as evict_timeout does.
  void EvictAll() {
    for (auto& [key, flow] : flows_) {
      out.push_back(flow.record);
      SetReason(EndWasSeen(flow.record) ? FlowEndReason::kEndOfFlowDetected
                                        : FlowEndReason::kActiveTimeout,
                &out.back());
    }
    flows_.clear();
  }

  size_t held() const { return flows_.size(); }

  std::vector<Record> out;

 private:
  using Key = std::string;
  struct Flow {
    Record record;
    uint64_t since_ns;
    uint64_t last_ns;
  };

  static Key KeyBytes(const Record& record) {
    Key key(reinterpret_cast<const char*>(&record), offsetof(Record, packets));
    key.append(reinterpret_cast<const char*>(&record.network_namespace), 8);
    if ((record.present & WEIR_VLAN_IS_KEY) == 0) return key;
    const bool tagged = (record.present & WEIR_HAS_VLAN) != 0;
    return key + (tagged ? "VLAN " + std::to_string(record.vlan_id) : "no VLAN");
  }

  static bool EndWasSeen(const Record& record) {
    constexpr uint16_t kFinOrRst = 5;
    return (record.tcp_flags & kFinOrRst) != 0 || record.flow_end_reason == 3;
  }

  void SetReason(FlowEndReason reason, Record* record) const {
    const bool has_timeouts = timeouts_.active_ns + timeouts_.idle_ns > 0;
    if (!has_timeouts && (record->present & WEIR_HAS_FLOW_END_REASON) == 0) return;
    record->present |= WEIR_HAS_FLOW_END_REASON;
    record->flow_end_reason = static_cast<uint8_t>(reason);
  }

  static uint64_t After(uint64_t since_ns, uint64_t timeout_ns) {
    return timeout_ns == 0 ? std::numeric_limits<uint64_t>::max() : since_ns + timeout_ns;
  }
  uint64_t Deadline(const Flow& flow) const {
    return std::min(After(flow.since_ns, timeouts_.active_ns),
                    After(flow.last_ns, timeouts_.idle_ns));
  }
  Record Ended(const Flow& flow) const {
    Record record = flow.record;
    const bool active =
        After(flow.since_ns, timeouts_.active_ns) < After(flow.last_ns, timeouts_.idle_ns);
    SetReason(EndWasSeen(record) ? FlowEndReason::kEndOfFlowDetected
              : active           ? FlowEndReason::kActiveTimeout
                                 : FlowEndReason::kIdleTimeout,
              &record);
    return record;
  }

  const ReferenceTimeouts timeouts_;
  std::map<Key, Flow> flows_;
};

// Makes records with values at the limits of an entry, and beyond them.
class RecordGenerator {
 public:
  explicit RecordGenerator(uint32_t seed) : random_(seed) {}

  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }

  // Makes a record of one of `flows` flows. Each field has a rare value with a chance of `odd` in
  // 8.
  Record Next(uint32_t flows, uint32_t odd) {
    Record record{};
    const uint32_t flow = Below(flows);
    SetFlow(flow, &record);
    record.packets = Number(odd, 1000);
    record.bytes = Number(odd, 1'000'000);
    record.start_mono_time_ns = Number(odd, 1'000'000) + (Below(8) < odd ? 0 : kUptimeNs);
    record.end_mono_time_ns = record.start_mono_time_ns + Number(odd, 1'000'000);
    record.start_wall_time_ns = Wall(odd, record.start_mono_time_ns);
    record.end_wall_time_ns = Wall(odd, record.end_mono_time_ns);
    record.present |= random_() & (kKnownBits & ~WEIR_HAS_NETWORK_NAMESPACE);
    if (Below(8) < odd) record.present |= random_() << Below(64);
    if (Has(record, WEIR_HAS_WIRE_PACKETS, odd)) {
      record.wire_packets = Number(odd, 1000) + (Below(8) < odd ? 0 : record.packets);
    }
    if (Has(record, WEIR_HAS_WIRE_BYTES, odd)) {
      record.wire_bytes = Number(odd, 1'000'000) + (Below(8) < odd ? 0 : record.bytes);
    }
    if (Has(record, WEIR_HAS_AGENT_IP, odd)) record.agent_ip[15] = Below(3);
    record.tcp_flag_pairs = Has(record, WEIR_HAS_TCP_FLAG_PAIRS, odd) ? Below(odd ? 256 : 8) : 0;
    record.sampling_interval = Has(record, WEIR_HAS_SAMPLING, odd) ? Below(3) : 0;
    record.tcp_flags =
        Has(record, WEIR_HAS_TCP_FLAGS, odd) ? Below(odd > 0 ? 1u << 16 : 1u << 12) : 0;
    record.vlan_id = Has(record, WEIR_HAS_VLAN, odd) ? Below(odd > 0 ? 1u << 16 : 1u << 12) : 0;
    if (flow % 4 == 0) {  // several VLANs, which are different flows
      record.present |= WEIR_VLAN_IS_KEY;
      if ((record.present & WEIR_HAS_VLAN) != 0) record.vlan_id = Below(3);
    }
    record.dscp = Has(record, WEIR_HAS_DSCP, odd) ? Below(odd > 0 ? 256 : 64) : 0;
    if (Has(record, WEIR_HAS_ICMP, odd)) {
      record.icmp_type = Below(256);
      record.icmp_code = Below(256);
    }
    record.flow_end_reason = Has(record, WEIR_HAS_FLOW_END_REASON, odd) ? Below(odd ? 256 : 6) : 0;
    SetInterfaceName(Below(2) ? "eth0" : std::string(Below(28), 'x'), &record);
    return record;
  }

 private:
  // The bits of `present` of most records.
  static constexpr uint64_t kKnownBits = 0x3fff & ~uint64_t{WEIR_IS_DUPLICATE};
  static constexpr uint64_t kUptimeNs = 1'000'000'000'000'000;

  void SetFlow(uint32_t flow, Record* record) {
    std::mt19937_64 key(flow / 3);  // neighbours have the same key, but not the same namespace
    for (size_t i = 0; i < offsetof(Record, packets); ++i) {
      reinterpret_cast<uint8_t*>(record)[i] = static_cast<uint8_t>(key());
    }
    record->network_namespace = uint64_t{flow % 3} << (flow % 2 == 0 ? 31 : 0);
    if (record->network_namespace != 0) record->present |= WEIR_HAS_NETWORK_NAMESPACE;
  }
  bool Has(const Record& record, uint64_t bit, uint32_t odd) {
    return (record.present & bit) != 0 || Below(8) < odd;
  }
  uint64_t Number(uint32_t odd, uint32_t usual) {
    if (Below(8) >= odd) return Below(usual);
    return (uint64_t{1} << Below(64)) - Below(2);
  }
  int64_t Wall(uint32_t odd, uint64_t mono_ns) {
    if (Below(8) < odd) return static_cast<int64_t>(random_());
    return static_cast<int64_t>(1'661'000'000'000'000'000 + mono_ns + Below(1000));
  }

  std::mt19937_64 random_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_REFERENCE_ACCOUNTER_H_
