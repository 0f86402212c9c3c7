// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/test_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <random>

#include "glog/logging.h"

namespace weir::benchmarks {

namespace {

constexpr uint16_t kIpv4 = 0x0800;
constexpr uint16_t kIpv6 = 0x86DD;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;

void SetAddresses(uint32_t number, Record* record) {
  const bool ipv6 = number % 2 == 1;
  record->eth_protocol = ipv6 ? kIpv6 : kIpv4;
  for (uint8_t* const address : {record->src_addr, record->dst_addr}) {
    if (ipv6) {
      address[0] = 0xfd;
      address[1] = 0x78;
    } else {
      address[10] = address[11] = 0xff;
      address[12] = 10;
    }
  }
  record->src_addr[13] = static_cast<uint8_t>(number >> 16);
  record->src_addr[14] = static_cast<uint8_t>(number >> 8);
  record->src_addr[15] = static_cast<uint8_t>(number);
  record->dst_addr[15] = 1;
}

pipeline::BatchRef BatchOf(const uint32_t* numbers, uint32_t size) {
  weir_batch* const batch = pipeline::AllocateBatch(size);
  CHECK(batch != nullptr) << "no memory for a batch";
  for (uint32_t i = 0; i < size; ++i) {
    const Record record = PacketOf(numbers[i]);
    std::memcpy(batch->rows + size_t{i} * batch->stride, &record, sizeof(record));
  }
  batch->size = size;
  return pipeline::BatchRef::Adopt(batch);
}

}  // namespace

Record PacketOf(uint32_t number) {
  Record record{};
  SetAddresses(number, &record);
  const bool tcp = number % 4 < 2;
  record.src_mac[0] = record.dst_mac[0] = 2;
  record.src_mac[5] = 1;
  record.dst_mac[5] = 2;
  record.transport_protocol = tcp ? kTcp : kUdp;
  record.src_port = static_cast<uint16_t>(1024 + number % 60'000);
  record.dst_port = 443;
  record.if_index = 3;
  record.packets = record.wire_packets = 1;
  record.bytes = 60 + number % 1'400;
  record.start_mono_time_ns = record.end_mono_time_ns = 10'000'000'000'000 + number;
  record.start_wall_time_ns = record.end_wall_time_ns = 1'661'272'402'123'456'789 + number;
  record.present = WEIR_HAS_DSCP | WEIR_HAS_WIRE_PACKETS | (tcp ? WEIR_HAS_TCP_FLAGS : 0);
  record.tcp_flags = tcp ? 0x18 : 0;
  SetInterfaceName("eth0", &record);
  return record;
}

TestRows::TestRows(uint32_t flows, uint32_t records) : flows_(flows) {
  const uint32_t rounds = (std::max(records, flows) + flows - 1) / flows;
  records_ = rounds * flows;
  std::vector<uint32_t> round(flows);
  std::iota(round.begin(), round.end(), 0);
  std::mt19937 random(1);
  for (uint32_t i = 0; i < rounds; ++i) {
    std::shuffle(round.begin(), round.end(), random);
    numbers_.insert(numbers_.end(), round.begin(), round.end());
    for (uint32_t at = 0; at < flows; at += kRowsPerBatch) {
      all_.push_back(BatchOf(&round[at], std::min(kRowsPerBatch, flows - at)));
    }
    if (i == 0) first_ = all_;
  }
}

pipeline::BatchRef BatchOfOne(const Record& record) {
  weir_batch* const batch = pipeline::AllocateBatch(1);
  CHECK(batch != nullptr) << "no memory for a batch";
  std::memcpy(batch->rows, &record, sizeof(record));
  batch->size = 1;
  return pipeline::BatchRef::Adopt(batch);
}

}  // namespace weir::benchmarks
