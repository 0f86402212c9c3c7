// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/ring_source.h"

#include <string>
#include <utility>

#include "sources/ebpf/clocks/wall_clock.h"
#include "sources/ebpf/flow_writer.h"

namespace weir::ebpf {

namespace {

// The most packets in a round; then the clocks are read again.
constexpr size_t kPacketsPerRound = 4096;

// The ring is read at least that often, even if the kernel does not report packets.
constexpr absl::Duration kIdleInterval = absl::Seconds(10);

constexpr int kNoFd = -1;  // poll ignores it

// Reads everything in the ring. Returns an error only if reading fails: packets that cannot be
// emitted are counted, and the writer keeps the reason.
sdk::Status ReadAll(FlowKernel* kernel, FlowWriter* writer) {
  for (;;) {
    writer->Begin(FlowEndReason::kLackOfResources);
    sdk::Result<size_t> read = kernel->ReadOverflow(
        kPacketsPerRound, [writer](const Flow& packet) { writer->Add(packet); });
    if (!read.ok()) return read.status();
    if (*read < kPacketsPerRound) return sdk::OkStatus();
  }
}

}  // namespace

sdk::Result<std::unique_ptr<RingSource>> RingSource::Create(const sources::EbpfRingbuf& config,
                                                            sdk::Stage stage) {
  sdk::Result<RingSettings> settings = SettingsOf(config);
  if (!settings.ok()) return settings.status();
  Datapath* const datapath = stage.Shared<Datapath>(SharedName(settings->datapath).c_str());
  if (datapath == nullptr) return sdk::Status(WEIR_RESOURCE_EXHAUSTED, "no memory for a datapath");
  const std::string name = settings->datapath;
  auto source = std::make_unique<RingSource>(std::move(stage), *std::move(settings), datapath);
  if (sdk::Status status = datapath->CheckCounts(name); !status.ok()) return status;
  return source;
}

RingSource::RingSource(sdk::Stage stage, RingSettings settings, Datapath* datapath)
    : stage_(std::move(stage)), settings_(std::move(settings)), datapath_(datapath) {
  datapath_->AddRing(stage_.name(), settings_.ring_bytes);
}

RingSource::~RingSource() { datapath_->RemoveRing(stage_.name()); }

// The map's stage reports the rest.
sdk::Status RingSource::Diagnose(const sdk::Findings& /*findings*/) {
  return datapath_->CheckStages(settings_.datapath);
}

sdk::Status RingSource::Start() {
  sdk::Result<FlowKernel*> kernel = datapath_->Acquire(settings_.datapath, stage_);
  if (!kernel.ok()) return kernel.status();
  kernel_ = *kernel;
  return sdk::OkStatus();
}

sdk::Status RingSource::Stop() {
  kernel_ = nullptr;
  datapath_->Release();
  return sdk::OkStatus();
}

sdk::Status RingSource::Run() {
  FlowWriter writer(&stage_, ClocksOf(&stage_),
                    datapath_->options().all_namespaces ? datapath_->namespaces() : nullptr);
  sdk::Status emitted;
  for (;;) {
    // Ask before reading the ring: all packets until then are in it.
    bool last = false;
    sdk::Status waited = datapath_->WaitDetached(kernel_->overflow_fd(), kIdleInterval, &last);
    // More packets follow the first one: wait, and read them together.
    if (waited.ok() && !last) {
      waited = datapath_->WaitDetached(kNoFd, settings_.read_interval, &last);
    }
    if (!waited.ok()) return waited;
    const sdk::Status read = ReadAll(kernel_, &writer);
    emitted = writer.Flush();
    if (!read.ok()) return read;
    if (last) return emitted;
  }
}

}  // namespace weir::ebpf
