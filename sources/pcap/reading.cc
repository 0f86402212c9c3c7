// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/reading.h"

#include <memory>
#include <string>
#include <string_view>

#include "plugins/sdk/interruptible_reader.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/pcap/files/byte_stream.h"
#include "sources/pcap/files/decompress.h"
#include "sources/pcap/links/link_layer.h"

namespace weir::pcap {

namespace {

sdk::Status WithName(const std::string& name, const sdk::Status& status) {
  return {status.code(), name + ": " + status.message()};
}

}  // namespace

class Reading::Handler {
 public:
  Handler(Reading* reading, CaptureReader* capture) : reading_(reading), capture_(capture) {}

  [[gnu::always_inline]] void operator()(const CapturedPacket& packet) {
    if (reading_->options_.realtime && !Wait(packet.time_ns)) {
      capture_->Stop();
    } else if (!reading_->writer_.Add(packet)) {
      reading_->failed_ = reading_->writer_.status();
      capture_->Stop();
    }
  }

 private:
  // False: interrupted, or failed.
  bool Wait(uint64_t time) {
    if (reading_->pace_.Remaining(time) == 0) return true;
    // What came before has its time.
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
      writer_(stage),
      pace_(stage, options.wake_fd),
      progress_(stage, options.progress_fd, options.total_bytes),
      damaged_metric_(stage->Counter("weir_pcap_damaged_files_total",
                                     "Captures that are damaged or cut off, read up to there.")),
      files_metric_(stage->Counter("weir_pcap_files_total", "Captures that were read.")) {}

sdk::Status Reading::Read(CaptureFile* file) {
  sdk::Result<sdk::UniqueFd> fd = OpenCapture(file);
  if (!fd.ok()) return fd.status();
  CaptureInput input(
      sdk::InterruptibleReader(fd->get(), options_.wake_fd, [this] { return HandOver(); }));
  sdk::Result<std::string_view> magic = input.PeekMagic();
  if (!magic.ok()) return WithName(file->name, magic.status());
  sdk::Result<std::unique_ptr<ByteStream>> unpacked = Decompress(*magic, &input);
  if (!unpacked.ok()) return WithName(file->name, unpacked.status());
  ByteStream* const stream = *unpacked != nullptr ? unpacked->get() : &input;
  const sdk::Status status = ReadStream(*file, &input, stream);
  bytes_before_ += input.bytes_read();
  return status;
}

sdk::Status Reading::ReadStream(const CaptureFile& file, CaptureInput* input, ByteStream* stream) {
  sdk::Result<std::unique_ptr<CaptureReader>> capture =
      CaptureReader::Open(stream, options_.interrupted);
  if (!capture.ok()) {
    if (interrupted()) return sdk::OkStatus();
    return WithName(file.name, capture.status());
  }
  const int link_type = (*capture)->link_type();
  const LinkLayer link = LinkLayerOf(link_type);
  if (link == LinkLayer::kUnknown) WarnOfLink(file, link_type);
  writer_.SetLink(link);
  files_metric_.Add(1);
  return ReadPackets(file, input, capture->get());
}

sdk::Status Reading::ReadPackets(const CaptureFile& file, CaptureInput* input,
                                 CaptureReader* capture) {
  const uint64_t packets_before = writer_.packets();
  Handler handler(this, capture);
  while (true) {
    sdk::Result<int> read = capture->Read(static_cast<int>(writer_.room()), &handler);
    const sdk::Status handed_over = HandOver();
    // First what has nothing to do with the file, though it may have come through it.
    if (!failed_.ok()) return failed_;
    if (!handed_over.ok()) return handed_over;
    progress_.Update(file.name, bytes_before_ + input->bytes_read(), writer_.packets());
    if (interrupted()) return sdk::OkStatus();
    if (!read.ok()) {
      WarnOfDamage(file, *capture, writer_.packets() - packets_before, read.status());
      return sdk::OkStatus();
    }
    if (*read == 0) return sdk::OkStatus();
  }
}

void Reading::WarnOfLink(const CaptureFile& file, int link_type) {
  const char* const name = pcap_datalink_val_to_name(link_type);
  progress_.Clear();
  stage_->Log(WEIR_LOG_WARNING, file.name + ": packets of link type " + std::to_string(link_type) +
                                    (name == nullptr ? "" : std::string(" (") + name + ")") +
                                    " are not known: they are counted as dropped");
}

void Reading::WarnOfDamage(const CaptureFile& file, const CaptureReader& capture, uint64_t packets,
                           const sdk::Status& damage) {
  damaged_metric_.Add(1);
  progress_.Clear();
  stage_->Log(WEIR_LOG_WARNING, file.name + ": ends after " + std::to_string(packets) +
                                    " packets, within its first " +
                                    std::to_string(capture.bytes_read()) +
                                    " bytes: " + damage.message());
}

sdk::Status Reading::HandOver() {
  sdk::Status status = writer_.HandOver();
  if (!status.ok() && failed_.ok()) failed_ = status;
  return status;
}

}  // namespace weir::pcap
