// SPDX-License-Identifier: Apache-2.0
// Keeps LinkNames up to date with the kernel.
#ifndef WEIR_TRANSFORMS_INTERFACE_NAMER_LINK_WATCHER_H_
#define WEIR_TRANSFORMS_INTERFACE_NAMER_LINK_WATCHER_H_

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/wakeup.h"
#include "transforms/interface_namer/link_names.h"

namespace weir::transforms {

// Has a thread that reads the kernel's messages into `names`; without it the kernel's queue would
// overflow while no records come. Start and Stop on one thread, Refresh on any.
class LinkWatcher {
 public:
  explicit LinkWatcher(LinkNames* names) : names_(names) {}
  ~LinkWatcher() { Stop(); }
  LinkWatcher(const LinkWatcher&) = delete;
  LinkWatcher& operator=(const LinkWatcher&) = delete;

  // When it returns, all interfaces of the calling thread's network namespace are known.
  sdk::Status Start();
  // Returns after the thread has ended.
  void Stop();

  // Reads the kernel's pending messages without waiting. An error of the thread is returned by
  // every later call.
  sdk::Status Refresh() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  sdk::Status Open();
  void Run();
  sdk::Status Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Close();

  LinkNames* const names_;
  std::thread thread_;
  sdk::Wakeup end_;      // notified once, to end the thread
  int monitor_fd_ = -1;  // of the monitor
  absl::Mutex mutex_;
  std::unique_ptr<sdk::LinkMonitor> monitor_ ABSL_GUARDED_BY(mutex_);
  sdk::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_INTERFACE_NAMER_LINK_WATCHER_H_
