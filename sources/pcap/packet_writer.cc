// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/packet_writer.h"

#include <utility>

#include "bpf/packet.h"

namespace weir::pcap {

// A capture has one clock, which gives both the monotonic and the wall times of a record.
PacketWriter::PacketWriter(const sdk::Stage* stage, const weir_tunnels& tunnels, bool vlan_key)
    : stage_(stage),
      present_(WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME | (vlan_key ? WEIR_VLAN_IS_KEY : 0)),
      batch_(stage, kRowsPerBatch),
      parser_(tunnels),
      packets_metric_(stage->Counter("weir_pcap_packets_total", "Packets of the captures.")),
      dropped_metric_(stage->Counter("weir_pcap_dropped_packets_total",
                                     "Packets in no record: of an unknown link type, or of too "
                                     "many interfaces.")),
      snapped_metric_(stage->Counter("weir_pcap_snapped_packets_total",
                                     "Packets that the capture does not have whole.")),
      undated_metric_(stage->Counter("weir_pcap_undated_packets_total",
                                     "Packets without a time, or of before 1970 or after 2262.")),
      truncated_metric_(
          stage->Counter("weir_pcap_truncated_total",
                         "Packets with a header cut off, malformed or too deep to look at.")),
      fragments_metric_(stage->Counter("weir_pcap_fragments_total",
                                       "IP fragments but the first, which carry no ports.")) {}

void PacketWriter::NoteDropped(const CaptureInterface& interface) {
  ++packets_;
  ++dropped_packets_;
  if (interface.beyond_limit) {
    ++packets_beyond_limit_;
    ++beyond_limit_;
    return;
  }
  ++unknown_link_;
  if (unknown_links_.size() < kMostUnknownLinks) unknown_links_.insert(interface.link_type);
}

void PacketWriter::Note(const CapturedPacket& captured, uint8_t notes) {
  if (captured.captured_bytes < captured.original_bytes) ++snapped_;
  if (!captured.has_time) ++undated_;
  if ((notes & PACKET_TRUNCATED) != 0) ++truncated_;
  if ((notes & PACKET_FRAGMENT) != 0) ++fragments_;
}

sdk::Status PacketWriter::HandOver() {
  const auto tell = [](uint64_t* count, sdk::Metric* metric) {
    if (*count > 0) metric->Add(static_cast<int64_t>(std::exchange(*count, 0)));
  };
  packets_metric_.Set(static_cast<int64_t>(packets_));
  dropped_metric_.Set(static_cast<int64_t>(dropped_packets_));
  tell(&snapped_, &snapped_metric_);
  tell(&undated_, &undated_metric_);
  tell(&truncated_, &truncated_metric_);
  tell(&fragments_, &fragments_metric_);
  stage_->CountReceived(batch_.pending() + unknown_link_ + beyond_limit_);
  stage_->CountDropped("unknown_link_type", std::exchange(unknown_link_, 0));
  stage_->CountDropped("interface_limit", std::exchange(beyond_limit_, 0));
  return batch_.Flush();
}

}  // namespace weir::pcap
