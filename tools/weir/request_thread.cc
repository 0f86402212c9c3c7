// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/request_thread.h"

#include <system_error>

#include "absl/strings/str_cat.h"

namespace weir {

absl::Status RequestThread::Request() {
  absl::MutexLock lock(&mutex_);
  if (ended_) return absl::OkStatus();
  requested_ = true;
  if (thread_.joinable()) return absl::OkStatus();
  try {
    thread_ = std::thread(&RequestThread::Run, this);
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(absl::StrCat("start a thread: ", error.code().message()));
  }
  return absl::OkStatus();
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
