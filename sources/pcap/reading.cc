// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/reading.h"

#include <pcap/pcap.h>

#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/sdk/interruptible_reader.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/pcap/files/byte_stream.h"
#include "sources/pcap/files/decompress.h"

namespace weir::pcap {

namespace {

sdk::Status WithName(const std::string& name, const sdk::Status& status) {
  return {status.code(), name + ": " + status.message()};
}

std::string LinkName(int link_type) {
  const char* const name = pcap_datalink_val_to_name(link_type);
  return "link type " + std::to_string(link_type) +
         (name == nullptr ? "" : std::string(" (") + name + ")");
}

std::string LimitText() {
  return "a section has more interfaces than the " + std::to_string(PcapngReader::kMostInterfaces) +
         " that weir keeps";
}

}  // namespace

class Reading::Handler {
 public:
  Handler(Reading* reading, CaptureReader* capture) : reading_(reading), capture_(capture) {}

  [[gnu::always_inline]] void operator()(const CapturedPacket& packet) {
    if (reading_->options_.realtime && packet.has_time && !Wait(packet.time_ns)) {
      capture_->Stop();
    } else if (!reading_->writer_.Add(packet)) {
      reading_->failed_ = reading_->writer_.status();
      capture_->Stop();
    }
  }

 private:
  // Returns false if it was interrupted or has failed.
  bool Wait(uint64_t time) {
    if (reading_->pace_.Remaining(time) == 0) return true;
    // The packets before this one are due.
    if (sdk::Status status = reading_->HandOver(); !status.ok()) {
      reading_->failed_ = status;
      return false;
    }
    sdk::Result<bool> waited = reading_->pace_.WaitFor(time);
    if (!waited.ok()) reading_->failed_ = waited.status();
    return waited.ok() && *waited;
  }

  Reading* const reading_;
  CaptureReader* const capture_;
};

Reading::Reading(const sdk::Stage* stage, const ReadingOptions& options)
    : stage_(stage),
      options_(options),
      writer_(stage, options.tunnels, options.vlan_key),
      interfaces_(options.interface_name),
      pace_(stage, options.wake_fd),
      progress_(stage, options.progress_fd, options.total_bytes),
      damaged_metric_(stage->Counter("weir_pcap_damaged_files_total",
                                     "Captures that are damaged or cut off, read up to there.")),
      without_index_metric_(stage->Counter(
          "weir_pcap_interfaces_without_index_total",
          "Interfaces of sections that came when all indexes of the run were taken.")),
      ignored_options_metric_(
          stage->Counter("weir_pcap_ignored_options_total",
                         "Options of interfaces in pcapng files that have a wrong length.")),
      files_metric_(stage->Counter("weir_pcap_files_total", "Captures that were read.")) {
  static constexpr const char* kNames[] = {"empty",       "header",   "not_a_capture",
                                           "compression", "vanished", "unreadable"};
  static_assert(std::size(kNames) == kSkipReasons);
  for (size_t i = 0; i < kSkipReasons; ++i) {
    skipped_metrics_[i] = stage->Counter("weir_pcap_skipped_files_total",
                                         "Files of folders that were skipped.", kNames[i]);
  }
}

sdk::Status Reading::Finish() {
  progress_.Finish();
  if (file_warnings_ > kMostFileWarnings) {
    stage_->Log(WEIR_LOG_WARNING, std::to_string(file_warnings_ - kMostFileWarnings) +
                                      " more warnings of single files were left out");
  }
  const uint64_t packets = writer_.packets();
  if (interrupted() || packets > writer_.dropped_packets()) return sdk::OkStatus();
  if (packets > 0) {
    const std::string none = "none of " + std::to_string(packets) + " packets could be used, ";
    if (writer_.unknown_links().empty()) return {WEIR_DATA_LOSS, none + "because " + LimitText()};
    std::string links;
    for (const int link_type : writer_.unknown_links()) {
      links += (links.empty() ? "" : ", ") + LinkName(link_type);
    }
    return {WEIR_DATA_LOSS, none + "because weir does not know their links: " + links};
  }
  if (first_loss_.empty()) return sdk::OkStatus();
  return {WEIR_DATA_LOSS, "no packet could be read: " + first_loss_};
}

sdk::Status Reading::Read(CaptureFile* file) {
  sdk::Result<sdk::UniqueFd> fd = OpenCapture(file);
  // tcpdump deletes the oldest files of a ring.
  if (!fd.ok() && fd.status().code() == WEIR_NOT_FOUND && file->from_folder) {
    return Skip(kVanished, fd.status());
  }
  if (!fd.ok()) return FailToRead(*file, fd.status());
  CaptureInput input(
      sdk::InterruptibleReader(fd->get(), options_.wake_fd, [this] { return HandOver(); }));
  const sdk::Status status = ReadUnpacked(*file, &input);
  bytes_before_ += input.bytes_read();
  return status;
}

sdk::Status Reading::ReadUnpacked(const CaptureFile& file, CaptureInput* input) {
  sdk::Result<std::string_view> magic = input->PeekMagic();
  if (!magic.ok()) return FailToRead(file, WithName(file.name, magic.status()));
  sdk::Result<std::unique_ptr<ByteStream>> unpacked = Decompress(*magic, input);
  if (!unpacked.ok()) {
    if (unpacked.status().code() == WEIR_UNIMPLEMENTED) {
      // Not UNIMPLEMENTED: `weir run` reports that code as a missing feature of the machine.
      return SkipInFolder(file, kCompression, {WEIR_DATA_LOSS, unpacked.status().message()});
    }
    return WithName(file.name, unpacked.status());
  }
  return ReadStream(file, input, *unpacked != nullptr ? unpacked->get() : input);
}

sdk::Status Reading::ReadStream(const CaptureFile& file, CaptureInput* input, ByteStream* stream) {
  OpenFailure failure{};
  sdk::Result<std::unique_ptr<CaptureReader>> capture =
      CaptureReader::Open(stream, options_.interrupted, &interfaces_, &failure);
  if (!capture.ok()) {
    if (!failed_.ok()) return failed_;
    if (interrupted()) return sdk::OkStatus();
    return FailToOpen(file, failure, OpenError(failure, capture.status()));
  }
  files_metric_.Add(1);
  return ReadPackets(file, input, capture->get());
}

sdk::Status Reading::FailToOpen(const CaptureFile& file, OpenFailure failure,
                                const sdk::Status& why) {
  switch (failure) {
    case OpenFailure::kEmpty:
      return SkipInFolder(file, kEmpty, why);
    case OpenFailure::kHeader:
      return SkipInFolder(file, kHeader, why);
    case OpenFailure::kNotACapture:
      return SkipInFolder(file, kNotACapture, why);
    case OpenFailure::kOther:
      break;
  }
  return FailToRead(file, WithName(file.name, why));
}

sdk::Status Reading::FailToRead(const CaptureFile& file, const sdk::Status& why) {
  if (!failed_.ok()) return failed_;
  // A lack of resources would hit the next file too.
  if (!file.from_folder || why.code() == WEIR_RESOURCE_EXHAUSTED) return why;
  return Skip(kUnreadable, why);
}

sdk::Status Reading::Skip(SkipReason reason, const sdk::Status& why) {
  skipped_metrics_[reason].Add(1);
  if (first_loss_.empty()) first_loss_ = why.message();
  WarnOfFile(why.message() + " (the file is skipped)");
  return sdk::OkStatus();
}

sdk::Status Reading::SkipInFolder(const CaptureFile& file, SkipReason reason,
                                  const sdk::Status& why) {
  sdk::Status status = WithName(file.name, why);
  return file.from_folder ? Skip(reason, status) : status;
}

sdk::Status Reading::ReadPackets(const CaptureFile& file, CaptureInput* input,
                                 CaptureReader* capture) {
  const uint64_t packets_before = writer_.packets();
  uint64_t ignored_options = 0;
  Handler handler(this, capture);
  while (true) {
    sdk::Result<int> read = capture->Read(static_cast<int>(writer_.room()), &handler);
    const sdk::Status handed_over = HandOver();
    // First the errors that do not come from the file.
    if (!failed_.ok()) return failed_;
    if (!handed_over.ok()) return handed_over;
    WarnOfLinks(file);
    WarnOfLimits(file);
    WarnOfOptions(file, *capture, &ignored_options);
    progress_.Update(file.name, bytes_before_ + input->bytes_read(), writer_.packets());
    if (interrupted()) return sdk::OkStatus();
    if (!read.ok()) {
      WarnOfDamage(file, *capture, writer_.packets() - packets_before, read.status());
      return sdk::OkStatus();
    }
    if (*read == 0) return sdk::OkStatus();
  }
}

void Reading::WarnOfLinks(const CaptureFile& file) {
  if (writer_.unknown_links().size() == warned_of_links_.size()) return;
  for (const int link_type : writer_.unknown_links()) {
    if (!warned_of_links_.insert(link_type).second) continue;
    Warn(file.name + ": packets of " + LinkName(link_type) +
         " are not known: they are counted as dropped");
  }
}

void Reading::WarnOfLimits(const CaptureFile& file) {
  if (!warned_of_limit_ && writer_.packets_beyond_limit() > 0) {
    warned_of_limit_ = true;
    Warn(file.name + ": " + LimitText() + ": packets of the others are counted as dropped");
  }
  const uint64_t without_index = interfaces_.without_index();
  if (without_index == without_index_) return;
  if (without_index_ == 0) {
    Warn(file.name + ": no index is left for more than " + std::to_string(InterfaceTable::kMost) +
         " interfaces: records of the others have no name and the index " +
         std::to_string(InterfaceTable::kNoIndex));
  }
  without_index_metric_.Add(static_cast<int64_t>(without_index - without_index_));
  without_index_ = without_index;
}

void Reading::WarnOfOptions(const CaptureFile& file, const CaptureReader& capture, uint64_t* told) {
  const uint64_t ignored = capture.ignored_options();
  if (ignored == *told) return;
  if (*told == 0) WarnOfFile(file.name + ": " + capture.first_ignored_option() + ": it is ignored");
  ignored_options_metric_.Add(static_cast<int64_t>(ignored - *told));
  *told = ignored;
}

void Reading::WarnOfFile(const std::string& message) {
  if (++file_warnings_ <= kMostFileWarnings) Warn(message);
}

void Reading::Warn(const std::string& message) {
  progress_.Clear();
  stage_->Log(WEIR_LOG_WARNING, message);
}

void Reading::WarnOfDamage(const CaptureFile& file, const CaptureReader& capture, uint64_t packets,
                           const sdk::Status& damage) {
  damaged_metric_.Add(1);
  const std::string loss = file.name + ": ends after " + std::to_string(packets) +
                           " packets, within its first " + std::to_string(capture.bytes_read()) +
                           " bytes: " + damage.message();
  if (first_loss_.empty()) first_loss_ = loss;
  WarnOfFile(loss);
}

sdk::Status Reading::HandOver() {
  sdk::Status status = writer_.HandOver();
  if (!status.ok() && failed_.ok()) failed_ = status;
  return status;
}

}  // namespace weir::pcap
