// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/packet_writer.h"

#include <cstring>
#include <utility>

#include "bpf/flow.h"
#include "bpf/packet.h"
#include "core/record/record.h"
#include "sources/pcap/capture_reader.h"

namespace weir::pcap {

namespace {

// In halves: gcc zeroes as much at once by an instruction that takes longer to begin than
// all the rest.
void Clear(packet* fields) {
  constexpr size_t kHalf = 64;
  static_assert(sizeof(*fields) > kHalf && sizeof(*fields) <= 2 * kHalf);
  std::memset(fields, 0, kHalf);
  std::memset(reinterpret_cast<char*>(fields) + kHalf, 0, sizeof(*fields) - kHalf);
}

void SetKey(const packet& fields, Record* record) {
  std::memcpy(record->src_addr, fields.src_ip, sizeof(record->src_addr));
  std::memcpy(record->dst_addr, fields.dst_ip, sizeof(record->dst_addr));
  // The first byte of a MAC is the lowest: on a little-endian machine, as it is sent.
  std::memcpy(record->src_mac, &fields.src_mac, sizeof(record->src_mac));
  std::memcpy(record->dst_mac, &fields.dst_mac, sizeof(record->dst_mac));
  record->eth_protocol = fields.eth_protocol;
  record->src_port = fields.src_port;
  record->dst_port = fields.dst_port;
  record->transport_protocol = fields.transport_protocol;
  record->direction = fields.direction;
  record->if_index = fields.if_index;
}

// What was not read is zero in `fields` too.
void SetDetails(const packet& fields, Record* record) {
  record->tcp_flags = fields.tcp_flags;
  record->dscp = fields.dscp;
  record->icmp_type = fields.icmp_type;
  record->icmp_code = fields.icmp_code;
  record->vlan_id = fields.vlan & ~WEIR_VLAN_PRESENT;
  const auto bit = [&](bool set, uint64_t present) { return set ? present : 0; };
  record->present = bit((fields.flags & WEIR_FLOW_HAS_TCP) != 0, WEIR_HAS_TCP_FLAGS) |
                    bit((fields.flags & WEIR_FLOW_HAS_DSCP) != 0, WEIR_HAS_DSCP) |
                    bit((fields.flags & WEIR_FLOW_HAS_ICMP) != 0, WEIR_HAS_ICMP) |
                    bit((fields.vlan & WEIR_VLAN_PRESENT) != 0, WEIR_HAS_VLAN);
}

void SetTime(uint64_t time, Record* record) {
  record->start_mono_time_ns = record->end_mono_time_ns = time;
  record->start_wall_time_ns = record->end_wall_time_ns = static_cast<int64_t>(time);
}

}  // namespace

PacketWriter::PacketWriter(const sdk::Stage* stage)
    : stage_(stage),
      batch_(stage, kRowsPerBatch),
      snapped_metric_(stage->Counter("weir_pcap_snapped_packets_total",
                                     "Packets that the capture does not have whole.")),
      truncated_metric_(
          stage->Counter("weir_pcap_truncated_total",
                         "Packets with a header cut off, malformed or too deep to look at.")),
      fragments_metric_(stage->Counter("weir_pcap_fragments_total",
                                       "IP fragments but the first, which carry no ports.")) {}

bool PacketWriter::Add(const CapturedPacket& captured) {
  if (link_ == LinkLayer::kUnknown) {
    ++packets_;
    ++unknown_link_;
    return true;
  }
  Record* const record = batch_.Add();
  if (record == nullptr) return false;
  ++packets_;
  packet fields;
  Clear(&fields);
  parser_.Parse(link_, captured.bytes, captured.captured_bytes, &fields);
  SetKey(fields, record);
  SetDetails(fields, record);
  SetTime(captured.time_ns, record);
  record->packets = 1;
  record->bytes = captured.original_bytes;
  if (fields.notes != 0 || captured.captured_bytes < captured.original_bytes) {
    Note(captured, fields.notes);
  }
  return true;
}

void PacketWriter::Note(const CapturedPacket& captured, uint8_t notes) {
  if (captured.captured_bytes < captured.original_bytes) ++snapped_;
  if ((notes & PACKET_TRUNCATED) != 0) ++truncated_;
  if ((notes & PACKET_FRAGMENT) != 0) ++fragments_;
}

sdk::Status PacketWriter::HandOver() {
  const auto tell = [](uint64_t* count, sdk::Metric* metric) {
    if (*count > 0) metric->Add(static_cast<int64_t>(std::exchange(*count, 0)));
  };
  tell(&snapped_, &snapped_metric_);
  tell(&truncated_, &truncated_metric_);
  tell(&fragments_, &fragments_metric_);
  stage_->CountReceived(batch_.pending() + unknown_link_);
  stage_->CountDropped("unknown_link_type", std::exchange(unknown_link_, 0));
  return batch_.Flush();
}

}  // namespace weir::pcap
