// SPDX-License-Identifier: Apache-2.0
// One pass over captures: the work of one run of the source.
#ifndef WEIR_SOURCES_PCAP_READING_H_
#define WEIR_SOURCES_PCAP_READING_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "bpf/flow.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/pcap/files/capture_files.h"
#include "sources/pcap/files/capture_input.h"
#include "sources/pcap/formats/capture_reader.h"
#include "sources/pcap/formats/interface_table.h"
#include "sources/pcap/pace.h"
#include "sources/pcap/packet_writer.h"
#include "sources/pcap/progress.h"

namespace weir::pcap {

struct ReadingOptions {
  bool realtime = false;
  int progress_fd = -1;                 // for Progress
  std::optional<uint64_t> total_bytes;  // the size of all files
  int wake_fd = -1;                     // becomes readable when `interrupted` is set
  const std::atomic<bool>* interrupted = nullptr;
  std::string interface_name;  // of all packets; empty: the names in the files
  weir_tunnels tunnels{};      // the tunnels to look into
  bool vlan_key = false;       // the VLAN id is a part of the flow key
};

// One thread, except for `interrupted`.
class Reading {
 public:
  // `stage`, and the objects that `options` points to, must outlive it.
  Reading(const sdk::Stage* stage, const ReadingOptions& options);

  // Reads a file to its end, or until it is interrupted, which is not an error. A file from a
  // folder whose beginning cannot be read is skipped, with a warning and a count.
  sdk::Status Read(CaptureFile* file);
  // Call it after the last file. Returns DATA_LOSS with the reason if there was input but no packet
  // of it could be used: all link types were unknown, or all files were damaged or skipped.
  sdk::Status Finish();

 private:
  // Takes each packet from CaptureReader.
  class Handler;
  // Why a file is skipped: the values of the metric's `reason`.
  enum SkipReason {
    kEmpty,
    kHeader,
    kNotACapture,
    kCompression,
    kVanished,
    kUnreadable,
    kSkipReasons
  };
  // The most warnings about single files: a folder can have any number of bad files.
  static constexpr uint64_t kMostFileWarnings = 20;

  // Counts a skipped file and logs `why`, which names the file. Returns OK.
  sdk::Status Skip(SkipReason reason, const sdk::Status& why);
  // Skips a file from a folder; for any other file returns `why`. Puts the file's name in front of
  // `why`.
  sdk::Status SkipInFolder(const CaptureFile& file, SkipReason reason, const sdk::Status& why);
  sdk::Status FailToOpen(const CaptureFile& file, OpenFailure failure, const sdk::Status& why);
  sdk::Status ReadUnpacked(const CaptureFile& file, CaptureInput* input);
  sdk::Status ReadStream(const CaptureFile& file, CaptureInput* input, ByteStream* stream);
  sdk::Status ReadPackets(const CaptureFile& file, CaptureInput* input, CaptureReader* capture);
  // Skips a file from a folder that cannot be opened or read. Otherwise, and if the machine lacks a
  // resource, returns `why`, which names the file.
  sdk::Status FailToRead(const CaptureFile& file, const sdk::Status& why);
  // Warns once about each unknown link type.
  void WarnOfLinks(const CaptureFile& file);
  // Warns once per run about each limit on interfaces.
  void WarnOfLimits(const CaptureFile& file);
  void WarnOfOptions(const CaptureFile& file, const CaptureReader& capture, uint64_t* told);
  // Warns about a skipped or damaged file, kMostFileWarnings times at most.
  void WarnOfFile(const std::string& message);
  void WarnOfDamage(const CaptureFile& file, const CaptureReader& capture, uint64_t packets,
                    const sdk::Status& damage);
  void Warn(const std::string& message);
  sdk::Status HandOver();
  bool interrupted() const { return options_.interrupted->load(std::memory_order_relaxed); }

  const sdk::Stage* const stage_;
  const ReadingOptions options_;
  PacketWriter writer_;
  InterfaceTable interfaces_;
  std::set<int> warned_of_links_;
  bool warned_of_limit_ = false;
  uint64_t without_index_ = 0;  // as last reported
  uint64_t file_warnings_ = 0;
  Pace pace_;
  Progress progress_;
  uint64_t bytes_before_ = 0;  // size of the files that were read
  sdk::Status failed_;         // an error of emit or of waiting, in the middle of a file
  // The first file that ended early or was skipped, and why; empty if there is none.
  std::string first_loss_;
  sdk::Metric damaged_metric_;
  std::array<sdk::Metric, kSkipReasons> skipped_metrics_;
  sdk::Metric without_index_metric_;
  sdk::Metric ignored_options_metric_;
  sdk::Metric files_metric_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_READING_H_
