// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/signal_watcher.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "core/pipeline/host_status.h"
#include "glog/logging.h"
#include "plugins/sdk/thread.h"
#include "tools/weir/exit_code.h"

namespace weir {
namespace {

sigset_t WatchedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, number);
  return signals;
}

}  // namespace

absl::Status PrepareSignals() {
  const sigset_t signals = WatchedSignals();
  if (const int error = pthread_sigmask(SIG_BLOCK, &signals, nullptr); error != 0) {
    return absl::ErrnoToStatus(error, "block signals");
  }
  // A write to a pipe without a reader then fails with EPIPE.
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return absl::ErrnoToStatus(errno, "ignore SIGPIPE");
  return absl::OkStatus();
}

void EndAtStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM}) {
    std::signal(number, [](int /*number*/) { _exit(kExitFailed); });
    sigaddset(&signals, number);
  }
  const timespec no_time{};
  while (sigtimedwait(&signals, nullptr, &no_time) > 0) {
  }
  (void)pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

absl::StatusOr<std::unique_ptr<SignalWatcher>> SignalWatcher::Create(
    std::function<void(int)> on_signal, const std::function<void()>& begin_thread) {
  std::unique_ptr<SignalWatcher> watcher(new SignalWatcher(std::move(on_signal)));
  const sigset_t signals = WatchedSignals();
  watcher->signals_ = sdk::UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC));
  if (watcher->signals_.get() < 0) return absl::ErrnoToStatus(errno, "signalfd");
  if (const sdk::Status status = watcher->end_.Open(); !status.ok()) {
    return pipeline::HostStatus(status);
  }
  absl::Notification begun;
  const sdk::Status started = sdk::StartThread(&watcher->thread_, "for signals",
                                               [&begun, &begin_thread, it = watcher.get()] {
                                                 begin_thread();
                                                 begun.Notify();
                                                 it->Watch();
                                               });
  if (!started.ok()) return pipeline::HostStatus(started);
  begun.WaitForNotification();
  return watcher;
}

SignalWatcher::SignalWatcher(std::function<void(int)> on_signal)
    : on_signal_(std::move(on_signal)) {}

SignalWatcher::~SignalWatcher() {
  if (!thread_.joinable()) return;
  const sdk::Status status = end_.Notify();
  CHECK(status.ok()) << status.message();
  thread_.join();
}

void SignalWatcher::Watch() {
  pollfd fds[] = {{signals_.get(), POLLIN, 0}, {end_.fd(), POLLIN, 0}};
  while (true) {
    if (poll(fds, 2, -1) < 0) {
      PCHECK(errno == EINTR);
      continue;
    }
    if (fds[1].revents != 0) return;
    signalfd_siginfo info;
    const ssize_t size = read(signals_.get(), &info, sizeof(info));
    if (size == sizeof(info)) on_signal_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace weir
