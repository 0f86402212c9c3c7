// SPDX-License-Identifier: Apache-2.0
// The source `ebpf_map`: attaches the programs, and evicts the flow table at each timeout.
#ifndef WEIR_SOURCES_EBPF_MAP_SOURCE_H_
#define WEIR_SOURCES_EBPF_MAP_SOURCE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "plugins/sdk/component.h"
#include "plugins/sdk/wakeup.h"
#include "sources/ebpf/clocks/clock_watch.h"
#include "sources/ebpf/clocks/wall_clock.h"
#include "sources/ebpf/counters_report.h"
#include "sources/ebpf/datapath.h"
#include "sources/ebpf/ebpf.pb.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/flow_writer.h"
#include "sources/ebpf/interfaces/link_feed.h"
#include "sources/ebpf/kernel/kernel_features.h"
#include "sources/ebpf/namespaces/interface_tracker.h"
#include "sources/ebpf/settings.h"

namespace weir::ebpf {

// The kernel functions that the source uses. A test can replace them.
struct MapEnvironment {
  KernelLoader load;
  LinkFeedOpener open_links = OpenNetlinkFeed;
  KernelProbe probe = ProbeKernel;
  std::function<sdk::Status(const KernelOptions& options)> check_pins = KernelFlows::CheckPins;
  ClockWatchOpener open_clock_watch = OpenClockWatch;
  std::function<uint64_t()> suspended = SuspendedNs;
};

// Threads: see plugins/abi.
class MapSource : public sdk::Source {
 public:
  static sdk::Result<std::unique_ptr<MapSource>> Create(const sources::EbpfMap& config,
                                                        sdk::Stage stage);

  // Loading programs needs one capability more than everything after it.
  static constexpr uint64_t kCapabilities = uint64_t{1} << kCapBpf | uint64_t{1} << kCapNetAdmin;
  static constexpr uint64_t kPrepareCapabilities = kCapabilities | uint64_t{1} << kCapPerfmon;

  // `datapath` must outlive it.
  MapSource(sdk::Stage stage, MapSettings settings, Datapath* datapath, MapEnvironment environment);
  ~MapSource() override;

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Prepare() override;
  sdk::Status Start() override;
  sdk::Status Run() override;
  void Interrupt() override;
  sdk::Status Stop() override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  void Wake();
  sdk::Status FollowClocks();
  sdk::Status EvictUntilInterrupted();
  // Returns true if flows found no room in the table that is being filled.
  sdk::Result<bool> TableWasFull();
  // Follows the clocks until `deadline`. Returns earlier if it is interrupted or if interfaces can
  // no longer be tracked.
  sdk::Status WatchUntil(Time deadline);
  sdk::Status Evict(FlowEndReason reason);
  sdk::Status Drain(FlowEndReason reason);
  // As Drain, but empties the table only when its flows have reached the sinks.
  sdk::Status Deliver(FlowEndReason reason);
  sdk::Status ReadCounters();
  sdk::Status Finish();
  sdk::Status EndCounting();
  // Detaches the programs and releases the kernel objects.
  sdk::Status Release();
  sdk::Status FinishAndKeep();

  const sdk::Stage stage_;
  const MapSettings settings_;
  Datapath* const datapath_;
  const MapEnvironment environment_;

  std::atomic<bool> interrupted_{false};
  sdk::Wakeup wakeup_;  // notified when interrupted or when the tracker has failed

  // From Start to Stop.
  FlowKernel* kernel_ = nullptr;  // of datapath_
  std::optional<ClockWatch> clock_watch_;
  std::optional<InterfaceTracker> tracker_;

  // In Run.
  FlowWriter writer_;
  CountersReport report_;
  sdk::Metric early_evictions_;
  uint64_t full_ = 0;  // packets that had met a full table, as of the last eviction
  // True if the table that is not being filled holds flows that may not have reached the sinks.
  bool undelivered_ = false;
  bool ended_ = false;  // no program counts packets
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_MAP_SOURCE_H_
