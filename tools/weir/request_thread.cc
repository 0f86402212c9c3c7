// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/request_thread.h"

#include "core/pipeline/host_status.h"
#include "plugins/sdk/thread.h"

namespace weir {

absl::Status RequestThread::Request() {
  absl::MutexLock lock(&mutex_);
  if (ended_) return absl::OkStatus();
  requested_ = true;
  if (thread_.joinable()) return absl::OkStatus();
  return pipeline::HostStatus(sdk::StartThread(&thread_, "", [this] { Run(); }));
}

void RequestThread::End() {
  std::thread thread;
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    thread.swap(thread_);
  }
  if (thread.joinable()) thread.join();
}

void RequestThread::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &RequestThread::Due));
      if (ended_) return;
      requested_ = false;
    }
    work_();
  }
}

}  // namespace weir
