// SPDX-License-Identifier: Apache-2.0
// Calls a function on a thread of its own whenever somebody requests it.
#ifndef WEIR_TOOLS_WEIR_REQUEST_THREAD_H_
#define WEIR_TOOLS_WEIR_REQUEST_THREAD_H_

#include <functional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace weir {

// Thread-safe.
class RequestThread {
 public:
  explicit RequestThread(std::function<void()> work) : work_(std::move(work)) {}
  ~RequestThread() { End(); }
  RequestThread(const RequestThread&) = delete;
  RequestThread& operator=(const RequestThread&) = delete;

  // Has the function called soon, and does not wait for it. Requests that come before a call begins
  // share that call. The first request makes the thread; RESOURCE_EXHAUSTED if there is none.
  absl::Status Request();

  // Waits for a call that has begun. Other requests, and all later ones, are ignored.
  void End();

 private:
  void Run();
  bool Due() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return requested_ || ended_; }

  const std::function<void()> work_;
  absl::Mutex mutex_;
  bool requested_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_REQUEST_THREAD_H_
