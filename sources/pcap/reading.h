// SPDX-License-Identifier: Apache-2.0
// One pass through captures: what a run of the source does.
#ifndef WEIR_SOURCES_PCAP_READING_H_
#define WEIR_SOURCES_PCAP_READING_H_

#include <pcap/pcap.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/pcap/files/capture_files.h"
#include "sources/pcap/files/capture_input.h"
#include "sources/pcap/formats/capture_reader.h"
#include "sources/pcap/pace.h"
#include "sources/pcap/packet_writer.h"
#include "sources/pcap/progress.h"

namespace weir::pcap {

struct ReadingOptions {
  bool realtime = false;
  int progress_fd = -1;                 // see Progress
  std::optional<uint64_t> total_bytes;  // of all files
  int wake_fd = -1;                     // readable once `interrupted` is true
  const std::atomic<bool>* interrupted = nullptr;
};

// One thread, but for what it says of `interrupted`.
class Reading {
 public:
  // `stage` and what `options` points to must outlive it.
  Reading(const sdk::Stage* stage, const ReadingOptions& options);

  // Reads a file to its end, or until interrupted, which is no error.
  sdk::Status Read(CaptureFile* file);
  void Finish() { progress_.Finish(); }

 private:
  // Of one packet, as CaptureReader hands it over.
  class Handler;

  sdk::Status ReadStream(const CaptureFile& file, CaptureInput* input, ByteStream* stream);
  sdk::Status ReadPackets(const CaptureFile& file, CaptureInput* input, CaptureReader* capture);
  void WarnOfLink(const CaptureFile& file, int link_type);
  void WarnOfDamage(const CaptureFile& file, const CaptureReader& capture, uint64_t packets,
                    const sdk::Status& damage);
  sdk::Status HandOver();
  bool interrupted() const { return options_.interrupted->load(std::memory_order_relaxed); }

  const sdk::Stage* const stage_;
  const ReadingOptions options_;
  PacketWriter writer_;
  Pace pace_;
  Progress progress_;
  uint64_t bytes_before_ = 0;  // of the files that were read
  sdk::Status failed_;         // to wait, or to emit, in the middle of a file
  sdk::Metric damaged_metric_;
  sdk::Metric files_metric_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_READING_H_
