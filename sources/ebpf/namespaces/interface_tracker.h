// SPDX-License-Identifier: Apache-2.0
// Keeps programs attached to the configured interfaces, on its own thread: a sink that blocks the
// source never delays the attachment to a new interface.
#ifndef WEIR_SOURCES_EBPF_NAMESPACES_INTERFACE_TRACKER_H_
#define WEIR_SOURCES_EBPF_NAMESPACES_INTERFACE_TRACKER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/wakeup.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "sources/ebpf/interfaces/attached_interfaces.h"
#include "sources/ebpf/interfaces/interface_settings.h"
#include "sources/ebpf/interfaces/link_feed.h"
#include "sources/ebpf/namespaces/namespace_registry.h"
#include "sources/ebpf/namespaces/other_namespaces.h"

namespace weir::ebpf {

// For one thread at a time, except status(): any thread. Its own thread shares no lock with the
// thread that emits: it uses only the functions of FlowKernel that a second thread may use, and the
// NamespaceRegistry never calls the host.
class InterfaceTracker {
 public:
  // All pointers must outlive it. `all_namespaces`: tracks other namespaces too.
  InterfaceTracker(const sdk::Stage* stage, const InterfaceSettings* settings, bool all_namespaces,
                   FlowKernel* kernel, NamespaceRegistry* registry, LinkFeedOpener open_links);
  // Calls DetachAll.
  ~InterfaceTracker();

  // Attaches to the present interfaces, then starts the thread. `on_failure` is called on that
  // thread if tracking ends with an error. After an error of Start, call DetachAll.
  sdk::Status Start(std::function<void()> on_failure);

  // Returns the error that has ended tracking.
  sdk::Status status() const;

  // Ends the thread. Programs stay attached until one of the following calls.
  void EndThread();
  // Returns the number of interfaces with programs. Call it after EndThread.
  size_t size() const;
  // Ends the thread, then detaches from all interfaces. Returns the first error.
  sdk::Status DetachAll();
  // Only for a kernel that persists: releases the programs, which stay attached.
  void KeepAll();

 private:
  sdk::Status AttachToAll();
  LinkEvents EventsUntilEnd();
  void Track();
  sdk::Status TrackUntilEnd();
  sdk::Status HandleEvents(std::chrono::nanoseconds timeout);

  const sdk::Stage* const stage_;
  const InterfaceSettings* const settings_;
  FlowKernel* const kernel_;
  const LinkFeedOpener open_links_;

  AttachedInterfaces attached_;  // in weir's own network namespace
  std::unique_ptr<LinkFeed> links_;
  std::optional<OtherNamespaces> others_;

  std::function<void()> on_failure_;
  std::atomic<bool> ending_{false};
  sdk::Wakeup wakeup_;  // notified once ending_
  std::thread thread_;

  mutable absl::Mutex mutex_;
  sdk::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_NAMESPACES_INTERFACE_TRACKER_H_
