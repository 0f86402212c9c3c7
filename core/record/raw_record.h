// SPDX-License-Identifier: Apache-2.0
// The raw record: 84 packed bytes, as the eBPF programs write them and as recordings contain them.
// Byte for byte flow_record_t of bpf/flow.h. Integers are little-endian, addresses in network byte
// order.
#ifndef WEIR_CORE_RECORD_RAW_RECORD_H_
#define WEIR_CORE_RECORD_RAW_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bpf/flow.h"
#include "core/record/ip_addr.h"
#include "core/record/mac_addr.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "recordings are little-endian and are read in place");

namespace weir {

struct __attribute__((packed)) DataLink {
  MacAddr src_mac;
  MacAddr dst_mac;
};

struct __attribute__((packed)) Network {
  IpAddr src_addr;
  IpAddr dst_addr;
};

struct __attribute__((packed)) Transport {
  uint16_t src_port;  // host byte order
  uint16_t dst_port;
  uint8_t protocol;  // IANA protocol number
};

// The key: packets with the same key belong to one flow.
struct __attribute__((packed)) RecordKey {
  uint16_t eth_protocol;
  uint8_t direction;
  DataLink data_link;
  Network network;
  Transport transport;
  uint32_t if_index;

  friend bool operator==(const RecordKey& a, const RecordKey& b) {
    return std::memcmp(&a, &b, sizeof(RecordKey)) == 0;
  }
};

// The counts and times of a flow. Times are of CLOCK_MONOTONIC in ns; 0 means "not yet set".
struct __attribute__((packed)) RecordMetrics {
  uint32_t packets;
  uint64_t bytes;
  uint64_t start_mono_time_ns;
  uint64_t end_mono_time_ns;
};

struct __attribute__((packed)) RawRecord {
  RecordKey key;
  RecordMetrics metrics;
};

static_assert(sizeof(RecordKey) == sizeof(flow_id_t));
static_assert(offsetof(RecordKey, direction) == offsetof(flow_id_t, direction));
static_assert(offsetof(RecordKey, data_link) == offsetof(flow_id_t, src_mac));
static_assert(offsetof(RecordKey, network) == offsetof(flow_id_t, src_ip));
static_assert(offsetof(RecordKey, transport) == offsetof(flow_id_t, src_port));
static_assert(offsetof(RecordKey, if_index) == offsetof(flow_id_t, if_index));
static_assert(sizeof(RecordMetrics) == sizeof(flow_metrics_t));
static_assert(offsetof(RecordMetrics, end_mono_time_ns) ==
              offsetof(flow_metrics_t, end_mono_time_ns));
static_assert(sizeof(RawRecord) == sizeof(flow_record_t) && sizeof(RawRecord) == 84);
static_assert(offsetof(RawRecord, metrics) == offsetof(flow_record_t, metrics));

}  // namespace weir

#endif  // WEIR_CORE_RECORD_RAW_RECORD_H_
