// SPDX-License-Identifier: Apache-2.0
// The state that an ebpf_map and an ebpf_ringbuf with the same datapath name share: the loaded
// programs, and the signal that no more packets will come.
#ifndef WEIR_SOURCES_EBPF_DATAPATH_H_
#define WEIR_SOURCES_EBPF_DATAPATH_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/wakeup.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "sources/ebpf/namespaces/namespace_registry.h"

namespace weir::ebpf {

// For the control thread only; functions marked "Any thread" are the exception.
//
// Stages register when they are created, in any order. The programs are loaded with the settings of
// all stages, when the map's stage is prepared or when the first stage starts.
class Datapath {
 public:
  Datapath() = default;
  Datapath(const Datapath&) = delete;
  Datapath& operator=(const Datapath&) = delete;

  // Uses `options` except the ring's size, which AddRing sets.
  void AddMap(const std::string& stage, const KernelOptions& options, KernelLoader loader);
  void RemoveMap(const std::string& stage);
  void AddRing(const std::string& stage, uint32_t ring_bytes);
  void RemoveRing(const std::string& stage);

  // Returns INVALID_ARGUMENT if too many stages of one type have registered. More stages may still
  // register. `name` is the datapath's name.
  sdk::Status CheckCounts(const std::string& name) const;
  // Returns an error if the registered stages do not fit together.
  sdk::Status CheckStages(const std::string& name) const;

  // Loads the programs with the settings of all stages, if they are not loaded yet.
  sdk::Status Load(const std::string& name, const sdk::Stage& stage);
  // Loads programs as Load does, but with the smallest tables, and unloads them.
  sdk::Status TryToLoad(const sdk::Stage& stage) const;

  // Returns the loaded programs for a stage that starts. They are valid until the stage calls
  // Release. `name` is the datapath's name, for messages.
  sdk::Result<FlowKernel*> Acquire(const std::string& name, const sdk::Stage& stage);
  // For a stage that stops after it has started.
  void Release();

  // Maps the namespace ids in flows to namespaces. Any thread.
  NamespaceRegistry* namespaces() { return &namespaces_; }

  // The settings of all stages.
  const KernelOptions& options() const { return options_; }

  // Called by the map stage when no program counts packets and none ever will again. Any thread.
  void MarkDetached(const sdk::Stage& stage);
  // Called by the ring stage: waits until MarkDetached was called, until `timeout` is over, or
  // until `fd` is readable (-1: none). Sets *detached to true if MarkDetached was called. Any
  // thread.
  sdk::Status WaitDetached(int fd, absl::Duration timeout, bool* detached);

 private:
  std::vector<std::string> map_stages_;
  std::vector<std::string> ring_stages_;
  KernelOptions options_;
  KernelLoader loader_;
  NamespaceRegistry namespaces_;
  std::unique_ptr<FlowKernel> kernel_;
  int users_ = 0;  // stages that hold kernel_

  std::atomic<bool> detached_{false};
  sdk::Wakeup detachment_;  // notified once detached_
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_DATAPATH_H_
