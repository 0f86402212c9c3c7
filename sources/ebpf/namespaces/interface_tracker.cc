// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/namespaces/interface_tracker.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/thread.h"

namespace weir::ebpf {

namespace {

// The interval between checks of the attached programs.
constexpr std::chrono::seconds kCheckInterval{1};

constexpr int kNoFd = -1;  // poll ignores it

timespec TimespecOf(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  timespec time{};
  time.tv_sec = static_cast<time_t>(seconds.count());
  time.tv_nsec = static_cast<long>((duration - seconds).count());
  return time;
}

}  // namespace

InterfaceTracker::InterfaceTracker(const sdk::Stage* stage, const InterfaceSettings* settings,
                                   bool all_namespaces, FlowKernel* kernel,
                                   NamespaceRegistry* registry, LinkFeedOpener open_links)
    : stage_(stage),
      settings_(settings),
      kernel_(kernel),
      open_links_(std::move(open_links)),
      attached_(stage, &settings->selector, settings->directions, settings->attach, kernel) {
  if (all_namespaces) others_.emplace(stage, settings, kernel, registry, open_links_);
}

InterfaceTracker::~InterfaceTracker() { (void)DetachAll(); }

sdk::Status InterfaceTracker::Start(std::function<void()> on_failure) {
  on_failure_ = std::move(on_failure);
  sdk::Status status = wakeup_.Open();
  if (status.ok()) status = AttachToAll();
  if (!status.ok()) return status;
  return sdk::StartThread(&thread_, "that tracks interfaces", [this] { Track(); });
}

sdk::Status InterfaceTracker::AttachToAll() {
  if (others_) {
    if (const sdk::Status started = others_->Start(); !started.ok()) return started;
  }
  sdk::Result<std::unique_ptr<LinkFeed>> links = open_links_(settings_->selector.ByAddress());
  if (!links.ok()) return links.status();
  links_ = *std::move(links);
  attached_.SetLinks(links_.get());
  const sdk::Status read = links_->ReadInitial(EventsOf(&attached_));
  if (!read.ok()) return read;
  const sdk::Status checked = attached_.CheckStart();
  attached_.BeginRun();
  return checked.ok() ? kernel_->DetachLeftovers() : checked;
}

sdk::Status InterfaceTracker::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

void InterfaceTracker::Track() {
  sdk::Status status;
  try {
    status = TrackUntilEnd();
  } catch (const std::exception& error) {
    status = {WEIR_INTERNAL, absl::StrCat("track interfaces: ", error.what())};
  }
  if (status.ok()) return;
  // Log it at once: the source returns it only when its consumers let it.
  stage_->Log(WEIR_LOG_ERROR, status.message());
  {
    absl::MutexLock lock(&mutex_);
    status_ = status;
  }
  on_failure_();
}

sdk::Status InterfaceTracker::TrackUntilEnd() {
  using Clock = std::chrono::steady_clock;
  Clock::time_point next_check = Clock::now() + kCheckInterval;
  while (!ending_.load()) {
    const std::chrono::nanoseconds left = next_check - Clock::now();
    if (left.count() > 0) {
      if (const sdk::Status status = HandleEvents(left); !status.ok()) return status;
      if (Clock::now() < next_check) continue;
    }
    attached_.Restore();
    if (others_) others_->Restore();
    next_check = Clock::now() + kCheckInterval;
  }
  return sdk::OkStatus();
}

sdk::Status InterfaceTracker::HandleEvents(std::chrono::nanoseconds timeout) {
  const timespec time = TimespecOf(timeout);
  pollfd events[] = {{wakeup_.fd(), POLLIN, 0},
                     {links_->fd(), POLLIN, 0},
                     {others_ ? others_->fd() : kNoFd, POLLIN, 0}};
  const int ready = ppoll(events, std::size(events), &time, nullptr);
  if (ready < 0 && errno != EINTR) return sdk::ErrnoStatus("wait for interfaces", errno);
  if (ready <= 0 || ending_.load()) return sdk::OkStatus();
  sdk::Status status;
  if (events[1].revents != 0) status = links_->Read(EventsUntilEnd());
  if (status.ok() && events[2].revents != 0) status = others_->Handle();
  return status;
}

// Queued reports must not delay the end: each attachment takes time.
LinkEvents InterfaceTracker::EventsUntilEnd() {
  LinkEvents events = EventsOf(&attached_);
  events.on_present = [this](const sdk::Link& link) {
    if (!ending_.load()) attached_.OnPresent(link);
  };
  return events;
}

size_t InterfaceTracker::size() const {
  return attached_.size() + (others_ ? others_->interfaces() : 0);
}

void InterfaceTracker::EndThread() {
  if (!thread_.joinable()) return;
  ending_.store(true);
  // Without a wake-up, the thread reads ending_ once a second.
  if (const sdk::Status status = wakeup_.Notify(); !status.ok()) {
    stage_->Log(WEIR_LOG_ERROR, status.message());
  }
  thread_.join();
}

sdk::Status InterfaceTracker::DetachAll() {
  EndThread();
  sdk::Status first = attached_.DetachAll();
  if (others_) {
    const sdk::Status detached = others_->DetachAll();
    if (first.ok()) first = detached;
  }
  return first;
}

void InterfaceTracker::KeepAll() {
  EndThread();
  attached_.KeepAll();
}

}  // namespace weir::ebpf
