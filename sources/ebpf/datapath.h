// SPDX-License-Identifier: Apache-2.0
// What an ebpf_map and an ebpf_ringbuf of the same datapath name have in common: the
// loaded programs, and the word that no packet will come any more.
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

// Control thread only, but for the last two functions.
//
// Stages register when they are created, in any order; the programs are loaded when
// the map's stage is prepared, or the first of them starts, with the settings of all.
class Datapath {
 public:
  Datapath() = default;
  Datapath(const Datapath&) = delete;
  Datapath& operator=(const Datapath&) = delete;

  // Of `options` all but the ring, which AddRing asks for.
  void AddMap(const std::string& stage, const KernelOptions& options, KernelLoader loader);
  void RemoveMap(const std::string& stage);
  void AddRing(const std::string& stage, uint32_t ring_bytes);
  void RemoveRing(const std::string& stage);

  // INVALID_ARGUMENT if stages of one type that have registered are too many, whatever others
  // follow. `name` is the datapath's.
  sdk::Status CheckCounts(const std::string& name) const;
  // Whether the stages that registered fit together.
  sdk::Status CheckStages(const std::string& name) const;

  // Loads the programs with the settings of all stages, where that has not been done.
  sdk::Status Load(const std::string& name, const sdk::Stage& stage);
  // Loads programs as Load would, with tables of the least size, and throws them away.
  sdk::Status TryToLoad(const sdk::Stage& stage) const;

  // The loaded programs, for a stage that starts; valid until it calls Release.
  // `name` is the datapath's, for messages.
  sdk::Result<FlowKernel*> Acquire(const std::string& name, const sdk::Stage& stage);
  // For a stage that stops after it had started.
  void Release();

  // What the numbers of namespaces in flows mean. Any thread.
  NamespaceRegistry* namespaces() { return &namespaces_; }

  // The settings of all stages.
  const KernelOptions& options() const { return options_; }

  // The map stage: no program counts a packet any more, or ever will. Any thread.
  void MarkDetached(const sdk::Stage& stage);
  // The ring stage: waits for that, at most for `timeout`, or until `fd` is readable (-1: none);
  // *detached: whether it is so.
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
