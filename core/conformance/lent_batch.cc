// SPDX-License-Identifier: Apache-2.0
#include "core/conformance/lent_batch.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/record/constants.h"
#include "core/record/record.h"
#include "glog/logging.h"

namespace weir::conformance {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
// 2023-11-14T22:13:20Z: an arbitrary time that is not now.
constexpr uint64_t kWallTimeNs = 1'700'000'000 * kSecond;

Record OrdinaryRecord(uint32_t number) {
  Record record{};
  record.src_addr[10] = record.src_addr[11] = record.dst_addr[10] = record.dst_addr[11] = 0xff;
  record.src_addr[12] = record.dst_addr[12] = 10;
  std::memcpy(&record.src_addr[13], &number, 3);
  record.dst_addr[15] = 1;
  record.src_mac[0] = record.dst_mac[0] = 2;
  record.dst_mac[5] = 1;
  record.eth_protocol = kIpv4Type;
  record.src_port = static_cast<uint16_t>(1024 + number % 60000);
  record.dst_port = 443;
  record.transport_protocol = 6;
  record.direction = number % 2 == 0 ? kDirectionIngress : kDirectionEgress;
  record.if_index = 1 + number % 3;
  record.packets = 1 + number % 7;
  record.bytes = record.packets * 100;
  record.start_mono_time_ns = kSecond + number;
  record.end_mono_time_ns = 2 * kSecond + number;
  record.start_wall_time_ns = static_cast<int64_t>(kWallTimeNs + number);
  record.end_wall_time_ns = static_cast<int64_t>(kWallTimeNs + kSecond + number);
  record.present = WEIR_HAS_TCP_FLAGS;
  record.tcp_flags = 0x12;
  SetInterfaceName("eth0", &record);
  return record;
}

// Returns a record with all fields at their lowest or highest value. The highest `present`
// has bits that are not defined yet.
Record ExtremeRecord(bool high) {
  Record record;
  std::memset(&record, high ? 0xff : 0, sizeof(record));
  record.direction = high ? kDirectionEgress : kDirectionIngress;
  record.start_wall_time_ns = high ? INT64_MAX : INT64_MIN;
  record.end_wall_time_ns = record.start_wall_time_ns;
  record.interface_name[kMaxInterfaceName] = '\0';
  return record;
}

Record RecordOf(uint32_t number) {
  return number % 8 == 7 ? ExtremeRecord(number % 16 == 15) : OrdinaryRecord(number);
}

}  // namespace

LentBatch::LentBatch(uint32_t rows, uint32_t first, uint32_t unknown_bytes) {
  weir_batch like{};
  like.struct_size = sizeof(like);
  like.stride = static_cast<uint32_t>(sizeof(Record)) + unknown_bytes;
  weir_batch* const batch = pipeline::AllocateBatch(std::max(rows, 1U), &like);
  CHECK(batch != nullptr) << "no memory for a batch";
  batch->size = rows;
  for (uint32_t i = 0; i < rows; ++i) {
    uint8_t* const row = batch->rows + size_t{i} * batch->stride;
    const Record record = RecordOf(first + i);
    std::memcpy(row, &record, sizeof(record));
    std::memset(row + sizeof(record), 0xa5, unknown_bytes);
  }
  rows_.assign(batch->rows, batch->rows + size_t{rows} * batch->stride);
  batch_ = pipeline::BatchRef::Adopt(batch);
  spare_ = batch_;
}

std::string LentBatch::TakeViolation() {
  if (pipeline::References(batch_.get()) < 2) {
    pipeline::RetainBatch(batch_.get());  // replaces the reference that was released
    return "released a batch that it had not retained";
  }
  if (!std::equal(rows_.begin(), rows_.end(), batch_->rows)) {
    rows_.assign(batch_->rows, batch_->rows + rows_.size());
    return "wrote to an input batch";
  }
  return {};
}

bool LentBatch::IsRetained() const { return pipeline::References(batch_.get()) > 2; }

}  // namespace weir::conformance
