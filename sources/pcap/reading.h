// SPDX-License-Identifier: Apache-2.0
// One pass through captures: what a run of the source does.
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
  int progress_fd = -1;                 // see Progress
  std::optional<uint64_t> total_bytes;  // of all files
  int wake_fd = -1;                     // readable once `interrupted` is true
  const std::atomic<bool>* interrupted = nullptr;
  std::string interface_name;  // of all interfaces; empty: as the files say
  weir_tunnels tunnels{};      // those that are looked into
  bool vlan_key = false;       // the VLAN id is a part of what a flow is
};

// One thread, but for what it says of `interrupted`.
class Reading {
 public:
  // `stage` and what `options` points to must outlive it.
  Reading(const sdk::Stage* stage, const ReadingOptions& options);

  // Reads a file to its end, or until interrupted, which is no error. A file of a folder that
  // cannot be read from its beginning is skipped, with a warning and a count.
  sdk::Status Read(CaptureFile* file);
  // After the last file. DATA_LOSS with the reason if nothing was read though there was
  // something to read: packets only of unknown links, or files that are damaged or skipped.
  sdk::Status Finish();

 private:
  // Of one packet, as CaptureReader hands it over.
  class Handler;
  // Why files are skipped: the values of the metric's `reason`.
  enum SkipReason {
    kEmpty,
    kHeader,
    kNotACapture,
    kCompression,
    kVanished,
    kUnreadable,
    kSkipReasons
  };
  // A folder may have any number of such files. Further ones have no line of their own.
  static constexpr uint64_t kMostFileWarnings = 20;

  // Counts a file, and warns: `why` has the file's name. OK.
  sdk::Status Skip(SkipReason reason, const sdk::Status& why);
  // The same for a file of a folder; otherwise `why`. Puts the file's name in front.
  sdk::Status SkipInFolder(const CaptureFile& file, SkipReason reason, const sdk::Status& why);
  sdk::Status FailToOpen(const CaptureFile& file, OpenFailure failure, const sdk::Status& why);
  sdk::Status ReadUnpacked(const CaptureFile& file, CaptureInput* input);
  sdk::Status ReadStream(const CaptureFile& file, CaptureInput* input, ByteStream* stream);
  sdk::Status ReadPackets(const CaptureFile& file, CaptureInput* input, CaptureReader* capture);
  // Skips a file of a folder that cannot be opened or read. Otherwise `why`, which has the file's
  // name; also if the machine lacks a resource.
  sdk::Status FailToRead(const CaptureFile& file, const sdk::Status& why);
  // For the links that WarnOfLinks has not named yet.
  void WarnOfLinks(const CaptureFile& file);
  // Warns once in a run of each of the limits for interfaces.
  void WarnOfLimits(const CaptureFile& file);
  void WarnOfOptions(const CaptureFile& file, const CaptureReader& capture, uint64_t* told);
  // One line of a file that is skipped or damaged, of kMostFileWarnings at most.
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
  uint64_t without_index_ = 0;  // as the table had it when it was told
  uint64_t file_warnings_ = 0;
  Pace pace_;
  Progress progress_;
  uint64_t bytes_before_ = 0;  // of the files that were read
  sdk::Status failed_;         // to wait, or to emit, in the middle of a file
  // The first file that ended early or was skipped, and why. Empty: there is none.
  std::string first_loss_;
  sdk::Metric damaged_metric_;
  std::array<sdk::Metric, kSkipReasons> skipped_metrics_;
  sdk::Metric without_index_metric_;
  sdk::Metric ignored_options_metric_;
  sdk::Metric files_metric_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_READING_H_
