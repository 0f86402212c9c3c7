// SPDX-License-Identifier: Apache-2.0
#include "transforms/interface_namer/link_watcher.h"

#include <poll.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/thread.h"

namespace weir::transforms {

sdk::Status LinkWatcher::Start() {
  sdk::Status status = Open();
  if (status.ok()) {
    status = sdk::StartThread(&thread_, "that watches network interfaces", [this] { Run(); });
  }
  if (!status.ok()) Close();
  return status;
}

sdk::Status LinkWatcher::Open() {
  if (sdk::Status status = end_.Open(); !status.ok()) return status;
  auto monitor = sdk::LinkMonitor::Open();
  if (!monitor.ok()) return monitor.status();
  const absl::MutexLock lock(&mutex_);
  monitor_ = *std::move(monitor);
  monitor_fd_ = monitor_->fd();
  status_ = monitor_->ReadInitial(
      [this](const sdk::Link& link) { names_->SetPresent(link.if_index, link.name); },
      [this](const sdk::Link& link) { names_->SetGone(link.if_index, link.name); });
  return status_;
}

sdk::Status LinkWatcher::Refresh() {
  const absl::MutexLock lock(&mutex_);
  return Read();
}

sdk::Status LinkWatcher::Read() {
  if (!status_.ok() || monitor_ == nullptr) return status_;
  status_ = monitor_->Read(
      [this](const sdk::Link& link) { names_->SetPresent(link.if_index, link.name); },
      [this](const sdk::Link& link) { names_->SetGone(link.if_index, link.name); });
  return status_;
}

void LinkWatcher::Run() {
  pollfd sources[2] = {{monitor_fd_, POLLIN, 0}, {end_.fd(), POLLIN, 0}};
  while (true) {
    const int ready = poll(sources, 2, -1);
    if (ready < 0 && errno == EINTR) continue;
    const int error = ready < 0 ? errno : 0;
    const absl::MutexLock lock(&mutex_);
    if (error != 0) status_ = sdk::ErrnoStatus("watch network interfaces: poll", error);
    // The next Refresh reports the error.
    if (error != 0 || sources[1].revents != 0 || !Read().ok()) return;
  }
}

void LinkWatcher::Stop() {
  if (thread_.joinable()) {
    if (!end_.Notify().ok()) std::terminate();  // the thread would never end
    thread_.join();
  }
  Close();
}

void LinkWatcher::Close() {
  {
    const absl::MutexLock lock(&mutex_);
    monitor_.reset();
    monitor_fd_ = -1;
  }
  end_.Close();
}

}  // namespace weir::transforms
