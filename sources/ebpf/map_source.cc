// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/map_source.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/doctor/diagnosis.h"
#include "sources/ebpf/doctor/interface_diagnosis.h"

namespace weir::ebpf {
namespace {

// The most interfaces that Stop detaches from. For more, the kernel needs seconds: with TCX it
// waits for all processors at each program.
constexpr size_t kMostDetachedInStop = 64;

}  // namespace

sdk::Result<std::unique_ptr<MapSource>> MapSource::Create(const sources::EbpfMap& config,
                                                          sdk::Stage stage) {
  sdk::Result<MapSettings> settings = SettingsOf(config);
  if (!settings.ok()) return settings.status();
  Datapath* const datapath = stage.Shared<Datapath>(SharedName(settings->datapath).c_str());
  if (datapath == nullptr) return sdk::Status(WEIR_RESOURCE_EXHAUSTED, "no memory for a datapath");
  MapEnvironment environment;
  environment.load = [](const KernelOptions& options,
                        const sdk::Stage& loading) -> sdk::Result<std::unique_ptr<FlowKernel>> {
    sdk::Result<std::unique_ptr<KernelFlows>> loaded = KernelFlows::Load(options, loading);
    if (!loaded.ok()) return loaded.status();
    return std::unique_ptr<FlowKernel>(*std::move(loaded));
  };
  const std::string name = settings->datapath;
  auto source = std::make_unique<MapSource>(std::move(stage), *std::move(settings), datapath,
                                            std::move(environment));
  if (sdk::Status status = datapath->CheckCounts(name); !status.ok()) return status;
  return source;
}

MapSource::MapSource(sdk::Stage stage, MapSettings settings, Datapath* datapath,
                     MapEnvironment environment)
    : stage_(std::move(stage)),
      settings_(std::move(settings)),
      datapath_(datapath),
      environment_(std::move(environment)),
      writer_(&stage_, ClocksOf(&stage_, environment_.suspended),
              settings_.kernel.all_namespaces ? datapath_->namespaces() : nullptr),
      report_(&stage_, settings_.kernel.max_flows),
      early_evictions_(stage_.Counter("weir_datapath_early_evictions_total",
                                      "Evictions before the timeout because the table was full.")) {
  datapath_->AddMap(stage_.name(), settings_.kernel, environment_.load);
}

MapSource::~MapSource() {
  if (kernel_ != nullptr) {
    if (const sdk::Status status = Release(); !status.ok()) {
      stage_.Log(WEIR_LOG_ERROR, status.message());
    }
  }
  datapath_->RemoveMap(stage_.name());
}

sdk::Status MapSource::Diagnose(const sdk::Findings& findings) {
  if (sdk::Status status = datapath_->CheckStages(settings_.datapath); !status.ok()) return status;
  const KernelFeatures features = environment_.probe();
  findings.Add(DiagnoseMachine(features, settings_.interfaces.attach.mode, settings_.kernel.tier));
  if (settings_.kernel.all_namespaces) findings.Add(DiagnoseNamespaces(features));
  const InterfaceSelector& selector = settings_.interfaces.selector;
  findings.Add(DiagnoseInterfaces(selector,
                                  ListInterfaces(environment_.open_links, selector.ByAddress()),
                                  settings_.kernel.all_namespaces));
  sdk::Status loaded;
  if (features.programs == Support::kYes) loaded = datapath_->TryToLoad(stage_);
  findings.Add(DiagnoseDatapath(features, datapath_->options(), loaded));
  if (!settings_.kernel.pin_path.empty()) {
    findings.Add(DiagnosePins(features, datapath_->options(),
                              environment_.check_pins(datapath_->options())));
  }
  return sdk::OkStatus();
}

sdk::Status MapSource::Prepare() { return datapath_->Load(settings_.datapath, stage_); }

sdk::Status MapSource::Start() {
  if (sdk::Status status = wakeup_.Open(); !status.ok()) return status;
  sdk::Result<ClockWatch> clock_watch = environment_.open_clock_watch();
  if (!clock_watch.ok()) return clock_watch.status();
  clock_watch_ = *std::move(clock_watch);
  sdk::Result<FlowKernel*> kernel = datapath_->Acquire(settings_.datapath, stage_);
  if (!kernel.ok()) return kernel.status();
  kernel_ = *kernel;
  tracker_.emplace(&stage_, &settings_.interfaces, settings_.kernel.all_namespaces, kernel_,
                   datapath_->namespaces(), environment_.open_links);
  const sdk::Status status = tracker_->Start([this] { Wake(); });
  if (status.ok()) return status;
  const sdk::Status stopped = Stop();
  if (stopped.ok()) return status;
  return {status.code(), absl::StrCat(status.message(), "; ", stopped.message())};
}

sdk::Status MapSource::Stop() {
  if (tracker_ && kernel_->Persists()) tracker_->KeepAll();
  clock_watch_.reset();
  // The end of a run has a time limit. The programs no longer count packets: the destructor
  // detaches them.
  if (ended_ && tracker_->size() > kMostDetachedInStop) return sdk::OkStatus();
  return Release();
}

sdk::Status MapSource::Release() {
  sdk::Status status;
  if (tracker_) status = tracker_->DetachAll();
  tracker_.reset();
  // The ring's reader waits for this, even if this stage never ran.
  datapath_->MarkDetached(stage_);
  kernel_ = nullptr;
  datapath_->Release();
  return status;
}

void MapSource::Interrupt() {
  interrupted_.store(true);
  Wake();
}

void MapSource::Wake() {
  if (const sdk::Status status = wakeup_.Notify(); !status.ok()) {
    stage_.Log(WEIR_LOG_ERROR, status.message());
  }
}

sdk::Status MapSource::Run() {
  // The ring buffer's reader waits for this, whatever happens here.
  const absl::Cleanup detached = [this] { datapath_->MarkDetached(stage_); };
  const bool persists = kernel_->Persists();
  // The flows that an earlier run has not handed over.
  sdk::Status status = persists ? Deliver(FlowEndReason::kActiveTimeout) : sdk::OkStatus();
  if (status.ok()) status = EvictUntilInterrupted();
  const sdk::Status finished = persists ? FinishAndKeep() : Finish();
  return status.ok() ? finished : status;
}

sdk::Status MapSource::EvictUntilInterrupted() {
  const auto interval = absl::ToChronoNanoseconds(settings_.eviction_interval);
  const auto early_interval = absl::ToChronoNanoseconds(settings_.early_eviction_interval);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  Time next = now() + interval;
  Time early = now() + early_interval;
  while (!interrupted_.load()) {
    sdk::Status status = WatchUntil(std::min(next, early));
    if (!status.ok() || interrupted_.load()) return status;
    const bool due = now() >= next;
    if (!due) {
      early += early_interval;
      sdk::Result<bool> full = TableWasFull();
      if (!full.ok()) return full.status();
      if (!*full) continue;
      early_evictions_.Add(1);
    }
    status = Evict(due ? FlowEndReason::kActiveTimeout : FlowEndReason::kLackOfResources);
    if (!status.ok()) return status;
    // If consumers hold back, missed timeouts are skipped and not made up for.
    next = due ? std::max(next + interval, now()) : now() + interval;
    early = now() + early_interval;
  }
  return sdk::OkStatus();
}

sdk::Result<bool> MapSource::TableWasFull() {
  sdk::Result<DatapathCounters> counters = kernel_->Counters();
  if (!counters.ok()) return counters.status();
  return counters->Full() > full_;
}

sdk::Status MapSource::WatchUntil(Time deadline) {
  while (!interrupted_.load()) {
    if (sdk::Status tracked = tracker_->status(); !tracked.ok()) return tracked;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return sdk::OkStatus();
    const timespec timeout = absl::ToTimespec(
        absl::FromChrono(std::chrono::duration_cast<std::chrono::nanoseconds>(left)));
    pollfd events[] = {{wakeup_.fd(), POLLIN, 0}, {clock_watch_->fd(), POLLIN, 0}};
    const int ready = ppoll(events, std::size(events), &timeout, nullptr);
    if (ready < 0 && errno != EINTR) return sdk::ErrnoStatus("wait", errno);
    if (ready <= 0) continue;
    if (events[1].revents == 0) continue;
    if (const sdk::Status status = FollowClocks(); !status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status MapSource::FollowClocks() {
  sdk::Status status = clock_watch_->Clear();
  if (status.ok()) writer_.ReadClocks();
  return status;
}

sdk::Status MapSource::Evict(FlowEndReason reason) {
  sdk::Status status = kernel_->Flip();
  if (status.ok()) status = kernel_->Persists() ? Deliver(reason) : Drain(reason);
  if (!status.ok()) return status;
  if (settings_.kernel.all_namespaces) datapath_->namespaces()->OnRead();
  return ReadCounters();
}

sdk::Status MapSource::ReadCounters() {
  sdk::Result<DatapathCounters> counters = kernel_->Counters();
  if (!counters.ok()) return counters.status();
  full_ = counters->Full();
  report_.Update(*counters);
  return sdk::OkStatus();
}

// Drains even if the pipeline takes no more records: the flows are then counted as dropped.
sdk::Status MapSource::Drain(FlowEndReason reason) {
  writer_.Begin(reason);
  const sdk::Status drained = kernel_->Drain([this](const Flow& flow) { writer_.Add(flow); });
  const sdk::Status flushed = writer_.Flush();
  return drained.ok() ? flushed : drained;
}

sdk::Status MapSource::Deliver(FlowEndReason reason) {
  undelivered_ = true;
  writer_.Begin(reason);
  sdk::Status status = kernel_->Read([this](const Flow& flow) { writer_.Add(flow); });
  const sdk::Status flushed = writer_.Flush();
  if (status.ok()) status = flushed;
  if (status.ok()) status = stage_.WaitForDelivery();
  if (status.ok()) status = kernel_->Clear();
  if (status.ok()) undelivered_ = false;
  return status;
}

// Returns when no program counts packets.
sdk::Status MapSource::EndCounting() {
  tracker_->EndThread();
  const sdk::Status ended = kernel_->EndCounting();
  ended_ = ended.ok();
  if (ended_) return ended;
  // Detaching also ends the counting, but the kernel needs milliseconds for each program. A program
  // that began before uses a table that is known only after the flip.
  const sdk::Status detached = tracker_->DetachAll();
  const sdk::Status flipped = kernel_->Flip();
  return detached.ok() ? flipped : detached;
}

// Both tables may have flows: two flips reach them all.
sdk::Status MapSource::Finish() {
  sdk::Status first = EndCounting();
  const auto keep_first = [&first](const sdk::Status& status) {
    if (first.ok()) first = status;
  };
  datapath_->MarkDetached(stage_);
  keep_first(Drain(FlowEndReason::kForcedEnd));
  keep_first(kernel_->Flip());
  keep_first(Drain(FlowEndReason::kForcedEnd));
  sdk::Result<DatapathCounters> counters = kernel_->Counters();
  keep_first(counters.status());
  if (counters.ok()) report_.Finish(*counters);
  return first;
}

// The programs continue to count. The next run reads again what could not be delivered.
sdk::Status MapSource::FinishAndKeep() {
  datapath_->MarkDetached(stage_);
  const sdk::Status status = undelivered_ ? sdk::OkStatus() : Evict(FlowEndReason::kForcedEnd);
  tracker_->KeepAll();
  sdk::Result<DatapathCounters> counters = kernel_->Counters();
  if (!counters.ok()) return status.ok() ? counters.status() : status;
  report_.Finish(*counters);
  return status;
}

}  // namespace weir::ebpf
