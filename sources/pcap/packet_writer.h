// SPDX-License-Identifier: Apache-2.0
// Makes a record of each packet, and emits the records.
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

// A record contains what weir's eBPF programs would have counted: one packet, and its size on the
// wire even if the capture contains less of it. Both of its clocks are the capture's clock.
//
// Every packet is counted as received. Packets of an unknown link type, or of an interface beyond
// the limit of its section, are dropped with a reason. One thread. `stage` must outlive it.
class PacketWriter {
 public:
  // By measurement: more rows are not faster, fewer rows cost time per batch.
  static constexpr uint32_t kRowsPerBatch = 1024;
  static constexpr size_t kMostUnknownLinks = 16;

  // `vlan_key`: the outermost VLAN id is a part of the flow key.
  PacketWriter(const sdk::Stage* stage, const weir_tunnels& tunnels, bool vlan_key);

  // Returns false if the packet could not be taken; status() says why, and it is not counted.
  // Always inline, because this runs for each packet.
  [[gnu::always_inline]] bool Add(const CapturedPacket& captured);

  // The number of packets that Add can take before HandOver must be called.
  uint32_t room() const { return kRowsPerBatch - batch_.pending(); }

  // Counts the packets that were added since the last call, and emits their records.
  sdk::Status HandOver();

  // The first error of emit.
  const sdk::Status& status() const { return batch_.status(); }
  uint64_t packets() const { return packets_; }
  // Of packets(): all dropped packets, and the packets dropped for an interface beyond the limit.
  uint64_t dropped_packets() const { return dropped_packets_; }
  uint64_t packets_beyond_limit() const { return packets_beyond_limit_; }
  // The DLT_* numbers of unknown link types, at most kMostUnknownLinks: a file can have thousands.
  const std::set<int>& unknown_links() const { return unknown_links_; }

 private:
  void NoteDropped(const CaptureInterface& interface);
  void Note(const CapturedPacket& captured, uint8_t notes);

  const sdk::Stage* const stage_;
  const uint64_t present_;  // bits of all records
  sdk::BatchWriter batch_;
  LinkParser parser_;
  uint64_t packets_ = 0;
  uint64_t dropped_packets_ = 0;
  uint64_t packets_beyond_limit_ = 0;
  std::set<int> unknown_links_;
  // Not yet counted at the host.
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
