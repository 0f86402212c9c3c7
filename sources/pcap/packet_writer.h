// SPDX-License-Identifier: Apache-2.0
// Makes records of packets, one of each, and emits them.
#ifndef WEIR_SOURCES_PCAP_PACKET_WRITER_H_
#define WEIR_SOURCES_PCAP_PACKET_WRITER_H_

#include <cstdint>

#include "bpf/packet.h"
#include "core/record/record.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/pcap/formats/capture_reader.h"
#include "sources/pcap/links/link_layer.h"
#include "sources/pcap/packet_row.h"

namespace weir::pcap {

// A record has what the programs in the kernel would have counted: one packet and the
// bytes that it had when it was captured, whatever was kept of them. Both of its clocks are
// the capture's.
//
// All packets are counted as received, those of an unknown link as dropped. One thread;
// `stage` must outlive it.
class PacketWriter {
 public:
  // Measured: more make no difference, fewer cost for each batch.
  static constexpr uint32_t kRowsPerBatch = 1024;

  explicit PacketWriter(const sdk::Stage* stage);

  // Of the packets that follow.
  void SetLink(LinkLayer link) { link_ = link; }

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

 private:
  void Note(const CapturedPacket& captured, uint8_t notes);

  const sdk::Stage* const stage_;
  sdk::BatchWriter batch_;
  LinkLayer link_ = LinkLayer::kUnknown;
  LinkParser parser_;
  uint64_t packets_ = 0;
  uint64_t unknown_link_ = 0;  // not yet told to the host
  uint64_t snapped_ = 0;
  uint64_t truncated_ = 0;
  uint64_t fragments_ = 0;
  sdk::Metric snapped_metric_;
  sdk::Metric truncated_metric_;
  sdk::Metric fragments_metric_;
};

inline bool PacketWriter::Add(const CapturedPacket& captured) {
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

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_PACKET_WRITER_H_
