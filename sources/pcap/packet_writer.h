// SPDX-License-Identifier: Apache-2.0
// Makes records of packets, one of each, and emits them.
#ifndef WEIR_SOURCES_PCAP_PACKET_WRITER_H_
#define WEIR_SOURCES_PCAP_PACKET_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <set>

#include "bpf/flow.h"
#include "bpf/packet.h"
#include "core/record/record.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/pcap/formats/captured_packet.h"
#include "sources/pcap/links/link_layer.h"
#include "sources/pcap/packet_row.h"

namespace weir::pcap {

// A record has what the programs in the kernel would have counted: one packet and the
// bytes that it had when it was captured, whatever was kept of them. Both of its clocks are
// the capture's.
//
// All packets are counted as received. Those of an unknown link, or of an interface that is beyond
// the limit of its section, are dropped with a reason. One thread; `stage` must outlive it.
class PacketWriter {
 public:
  // Measured: more make no difference, fewer cost for each batch.
  static constexpr uint32_t kRowsPerBatch = 1024;
  static constexpr size_t kMostUnknownLinks = 16;

  // `vlan_key`: the id of the outermost VLAN tag is a part of what a flow is.
  PacketWriter(const sdk::Stage* stage, const weir_tunnels& tunnels, bool vlan_key);

  // False: it could not be taken, and status() says why. It is not counted then.
  // Always inline: one function for each packet, which without it are three.
  [[gnu::always_inline]] bool Add(const CapturedPacket& captured);

  // Packets that may be added before there is a batch to hand over.
  uint32_t room() const { return kRowsPerBatch - batch_.pending(); }

  // Counts what was added since the last time, and emits it.
  sdk::Status HandOver();

  // The first error of all that was emitted.
  const sdk::Status& status() const { return batch_.status(); }
  uint64_t packets() const { return packets_; }
  // Of these, the dropped ones, and among these the ones of interfaces beyond the limit.
  uint64_t dropped_packets() const { return dropped_packets_; }
  uint64_t packets_beyond_limit() const { return packets_beyond_limit_; }
  // The DLT_* of links that weir does not know: the first kMostUnknownLinks, because a file can
  // have thousands.
  const std::set<int>& unknown_links() const { return unknown_links_; }

 private:
  void NoteDropped(const CaptureInterface& interface);
  void Note(const CapturedPacket& captured, uint8_t notes);

  const sdk::Stage* const stage_;
  const uint64_t present_;  // bits that all records have
  sdk::BatchWriter batch_;
  LinkParser parser_;
  uint64_t packets_ = 0;
  uint64_t dropped_packets_ = 0;
  uint64_t packets_beyond_limit_ = 0;
  std::set<int> unknown_links_;
  // Not yet told to the host.
  uint64_t unknown_link_ = 0;
  uint64_t beyond_limit_ = 0;
  uint64_t snapped_ = 0;
  uint64_t undated_ = 0;
  uint64_t truncated_ = 0;
  uint64_t fragments_ = 0;
  sdk::Metric packets_metric_;
  sdk::Metric dropped_metric_;
  sdk::Metric snapped_metric_;
  sdk::Metric undated_metric_;
  sdk::Metric truncated_metric_;
  sdk::Metric fragments_metric_;
};

inline bool PacketWriter::Add(const CapturedPacket& captured) {
  const CaptureInterface& interface = *captured.interface;
  if (__builtin_expect(interface.link == LinkLayer::kUnknown, 0)) {
    NoteDropped(interface);
    return true;
  }
  Record* const record = batch_.Add();
  if (record == nullptr) return false;
  ++packets_;
  packet fields;
  Clear(&fields);
  parser_.Parse(interface.link, interface.swapped, captured.bytes, captured.captured_bytes,
                &fields);
  SetInterface(captured, &fields, record);
  SetKey(fields, record);
  SetDetails(fields, present_, record);
  SetTime(captured, record);
  record->packets = 1;
  record->bytes = captured.original_bytes;
  if (fields.notes != 0 || captured.captured_bytes < captured.original_bytes ||
      !captured.has_time) {
    Note(captured, fields.notes);
  }
  return true;
}

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_PACKET_WRITER_H_
