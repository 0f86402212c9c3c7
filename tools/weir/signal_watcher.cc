// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/signal_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "glog/logging.h"

namespace weir {
namespace {

sigset_t WatchedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  return signals;
}

}  // namespace

absl::Status PrepareSignals() {
  const sigset_t signals = WatchedSignals();
  if (const int error = pthread_sigmask(SIG_BLOCK, &signals, nullptr); error != 0) {
    return absl::ErrnoToStatus(error, "block signals");
  }
  // A reader that goes away is EPIPE of the write that meets it.
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return absl::ErrnoToStatus(errno, "ignore SIGPIPE");
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SignalWatcher>> SignalWatcher::Create(
    std::function<void(int)> on_signal) {
  const sigset_t signals = WatchedSignals();
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  if (signal_fd < 0) return absl::ErrnoToStatus(errno, "signalfd");
  const int end_fd = eventfd(0, EFD_CLOEXEC);
  if (end_fd < 0) {
    const int error = errno;
    PCHECK(close(signal_fd) == 0);
    return absl::ErrnoToStatus(error, "eventfd");
  }
  return std::unique_ptr<SignalWatcher>(new SignalWatcher(signal_fd, end_fd, std::move(on_signal)));
}

SignalWatcher::SignalWatcher(int signal_fd, int end_fd, std::function<void(int)> on_signal)
    : signal_fd_(signal_fd), end_fd_(end_fd), on_signal_(std::move(on_signal)) {
  thread_ = std::thread(&SignalWatcher::Watch, this);
}

SignalWatcher::~SignalWatcher() {
  PCHECK(eventfd_write(end_fd_, 1) == 0);
  thread_.join();
  PCHECK(close(signal_fd_) == 0);
  PCHECK(close(end_fd_) == 0);
}

void SignalWatcher::Watch() {
  pollfd fds[] = {{signal_fd_, POLLIN, 0}, {end_fd_, POLLIN, 0}};
  while (true) {
    if (poll(fds, 2, -1) < 0) {
      PCHECK(errno == EINTR);
      continue;
    }
    if (fds[1].revents != 0) return;
    signalfd_siginfo info;
    const ssize_t size = read(signal_fd_, &info, sizeof(info));
    if (size == sizeof(info)) on_signal_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace weir
