// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/namespaces/other_namespaces.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

namespace {

// The interval between searches, for namespaces that only processes are in.
constexpr int64_t kSearchIntervalNs = 2'000'000'000;
// After a file that is not a namespace yet: the interval, and the number of such searches.
constexpr int64_t kQuickIntervalNs = 20'000'000;
constexpr int kQuickSearches = 50;
constexpr int64_t kNowNs = 1;
// A process may have entered the namespace while others were searched.
constexpr int kMissingSearches = 2;

constexpr uint32_t kWarningsPerInterval = 20;
constexpr uint64_t kWarningIntervalNs = 10'000'000'000;

// Tags of epoll: namespace ids, and two that are none.
constexpr uint64_t kTimerTag = uint64_t{NamespaceRegistry::kLastId} + 1;
constexpr uint64_t kFoldersTag = kTimerTag + 1;

// Reads everything available and ignores it.
void Clear(int fd) {
  std::array<char, 4096> ignored;
  while (read(fd, ignored.data(), ignored.size()) > 0) {
  }
}

}  // namespace

OtherNamespaces::OtherNamespaces(const sdk::Stage* stage, const InterfaceSettings* settings,
                                 FlowKernel* kernel, NamespaceRegistry* registry,
                                 LinkFeedOpener open_links, NamespacePlaces places)
    : stage_(stage),
      settings_(settings),
      kernel_(kernel),
      registry_(registry),
      open_links_(std::move(open_links)),
      places_(std::move(places)),
      quick_searches_(kQuickSearches),
      next_search_ns_(kSearchIntervalNs),
      namespaces_(stage->Gauge("weir_network_namespaces_measured",
                               "Network namespaces being measured, without weir's own.")),
      failures_(stage->Counter("weir_network_namespace_failures_total",
                               "Times that measuring a network namespace failed.")),
      warnings_(kWarningsPerInterval, kWarningIntervalNs) {}

OtherNamespaces::~OtherNamespaces() { (void)DetachAll(); }

sdk::Status OtherNamespaces::Start() {
  sdk::Result<NamespaceKey> own = OwnNamespace();
  if (!own.ok()) return own.status();
  own_ = *own;
  registry_->SetOwn(own_.second);
  sdk::Result<sdk::UniqueFd> entered = OpenNamespace("/proc/thread-self/ns/net", own_);
  if (!entered.ok()) return entered.status();
  sdk::Status status = worker_.Run(entered->get(), [] { return sdk::OkStatus(); });
  if (!status.ok()) return {status.code(), absl::StrCat("netns ALL: ", status.message())};

  events_ = sdk::UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (events_.get() < 0) return sdk::ErrnoStatus("watch network namespaces: epoll", errno);
  folders_ = sdk::UniqueFd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (folders_.get() < 0) return sdk::ErrnoStatus("watch network namespaces: inotify", errno);
  timer_ = sdk::UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (timer_.get() < 0) return sdk::ErrnoStatus("watch network namespaces: timer", errno);
  status = WatchFd(folders_.get(), kFoldersTag);
  if (status.ok()) status = WatchFd(timer_.get(), kTimerTag);
  if (status.ok()) status = SetTimer(kNowNs);
  return status;
}

sdk::Status OtherNamespaces::WatchFd(int fd, uint64_t tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  if (epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return sdk::OkStatus();
  return sdk::ErrnoStatus("watch network namespaces", errno);
}

sdk::Status OtherNamespaces::SetTimer(int64_t ns) {
  itimerspec time{};
  time.it_value.tv_sec = ns / 1'000'000'000;
  time.it_value.tv_nsec = ns % 1'000'000'000;
  if (timerfd_settime(timer_.get(), 0, &time, nullptr) == 0) return sdk::OkStatus();
  return sdk::ErrnoStatus("watch network namespaces: set timer", errno);
}

// A folder may be made or made again at any time. Adding it twice does nothing.
sdk::Status OtherNamespaces::WatchFolders() {
  for (const std::string& folder : places_.folders) {
    const int watch = inotify_add_watch(folders_.get(), folder.c_str(),
                                        IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
    if (watch < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
      return sdk::ErrnoStatus(absl::StrCat("watch ", folder), errno);
    }
  }
  return sdk::OkStatus();
}

sdk::Status OtherNamespaces::Handle() {
  std::array<epoll_event, 16> events;
  const int count =
      epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()), /*timeout=*/0);
  if (count < 0 && errno != EINTR) return sdk::ErrnoStatus("watch network namespaces", errno);
  for (int i = 0; i < count; ++i) HandleEvent(events[static_cast<size_t>(i)].data.u64);
  if (!to_add_.empty()) {
    AddOne();
  } else if (search_wanted_) {
    search_wanted_ = false;
    Search();
  } else {
    return sdk::OkStatus();
  }
  return SetTimer(to_add_.empty() && !search_wanted_ ? next_search_ns_ : kNowNs);
}

void OtherNamespaces::HandleEvent(uint64_t tag) {
  if (tag == kTimerTag) {
    Clear(timer_.get());
    // Otherwise the next timer event searches.
    if (to_add_.empty()) search_wanted_ = true;
    return;
  }
  if (tag == kFoldersTag) {
    Clear(folders_.get());
    quick_searches_ = kQuickSearches;
    search_wanted_ = true;
    return;
  }
  for (const auto& [key, measured] : measured_) {
    if (measured->id != tag) continue;
    const sdk::Status status = FollowLinks(measured.get());
    if (status.ok()) return;
    failures_.Add(1);
    Warn(absl::StrCat("network namespace ", measured->path, ": ", status.message()));
    not_new_.insert(key);
    Remove(NamespaceKey(key));
    return;
  }
}

void OtherNamespaces::Search() {
  if (const sdk::Status status = WatchFolders(); !status.ok()) Warn(status.message());
  const FoundNamespaces found = FindNamespaces(places_);
  const bool unfinished = found.unfinished && quick_searches_ > 0;
  if (unfinished) --quick_searches_;
  next_search_ns_ = unfinished ? kQuickIntervalNs : kSearchIntervalNs;
  std::vector<NamespaceKey> gone;
  for (const auto& [key, measured] : measured_) {
    if (found.paths.count(key) != 0 || found.incomplete) {
      measured->missing = 0;
    } else if (++measured->missing < kMissingSearches) {
      next_search_ns_ = kQuickIntervalNs;
    } else {
      gone.push_back(key);
    }
  }
  for (const NamespaceKey& key : gone) Remove(key);
  for (const auto& [key, path] : found.paths) {
    if (!searched_) not_new_.insert(key);
    if (key != own_ && measured_.count(key) == 0) to_add_.emplace_back(key, path);
  }
  if (found.incomplete) return;
  searched_ = true;
  for (auto known = not_new_.begin(); known != not_new_.end();) {
    known = found.paths.count(*known) != 0 ? std::next(known) : not_new_.erase(known);
  }
}

void OtherNamespaces::AddOne() {
  const auto [key, path] = to_add_.back();
  to_add_.pop_back();
  const sdk::Status status = Add(key, path, not_new_.count(key) == 0);
  if (status.ok() || status.code() == WEIR_NOT_FOUND) return;
  failures_.Add(1);
  not_new_.insert(key);
  Warn(absl::StrCat("network namespace ", path, ": ", status.message(),
                    "; the namespace is not measured"));
}

sdk::Status OtherNamespaces::Add(const NamespaceKey& key, const std::string& path, bool is_new) {
  sdk::Result<sdk::UniqueFd> fd = OpenNamespace(path, key);
  if (!fd.ok()) return fd.status();
  sdk::Result<uint32_t> id = registry_->Add(key.second);
  if (!id.ok()) return id.status();
  auto measured = std::make_unique<Measured>();
  measured->path = path;
  measured->id = *id;
  measured->fd = *std::move(fd);
  measured->attacher = kernel_->ForNamespace(measured->id, *stage_);
  measured->attached =
      std::make_unique<AttachedInterfaces>(stage_, &settings_->selector, settings_->directions,
                                           settings_->attach, measured->attacher.get());
  sdk::Status status = OpenLinks(measured.get(), is_new);
  if (status.ok()) status = WatchFd(measured->links->fd(), measured->id);
  if (!status.ok()) {
    (void)Close(measured.get());
    return status;
  }
  stage_->Log(WEIR_LOG_INFO,
              absl::StrCat("network namespace ", path, " (", key.second, "): measuring ",
                           measured->attached->size(), " interfaces"));
  measured_[key] = std::move(measured);
  namespaces_.Set(static_cast<int64_t>(measured_.size()));
  return sdk::OkStatus();
}

LinkEvents OtherNamespaces::EventsIn(Measured* measured) {
  LinkEvents events = EventsOf(measured->attached.get());
  events.on_present = [this, measured](const sdk::Link& link) {
    registry_->SetName(measured->id, link.if_index, link.name);
    measured->attached->OnPresent(link);
  };
  events.on_gone = [this, measured](const sdk::Link& link) {
    registry_->SetGone(measured->id, link.if_index);
    measured->attached->OnGone(link);
  };
  return events;
}

sdk::Status OtherNamespaces::OpenLinks(Measured* measured, bool is_new) {
  return worker_.Run(measured->fd.get(), [&]() -> sdk::Status {
    sdk::Result<std::unique_ptr<LinkFeed>> links = open_links_(settings_->selector.ByAddress());
    if (!links.ok()) return links.status();
    measured->links = *std::move(links);
    measured->attached->SetLinks(measured->links.get());
    if (is_new) measured->attached->BeginRun();
    const sdk::Status status = measured->links->ReadInitial(EventsIn(measured));
    measured->attached->BeginRun();
    return status;
  });
}

sdk::Status OtherNamespaces::FollowLinks(Measured* measured) {
  return worker_.Run(measured->fd.get(), [&] { return measured->links->Read(EventsIn(measured)); });
}

sdk::Status OtherNamespaces::Close(Measured* measured) {
  const sdk::Status status =
      worker_.Run(measured->fd.get(), [measured] { return measured->attached->DetachAll(); });
  registry_->Remove(measured->id);
  return status;
}

void OtherNamespaces::Remove(const NamespaceKey& key) {
  const auto known = measured_.find(key);
  const std::string path = known->second->path;
  const sdk::Status status = Close(known->second.get());
  measured_.erase(known);
  namespaces_.Set(static_cast<int64_t>(measured_.size()));
  if (!status.ok()) Warn(absl::StrCat("network namespace ", path, ": ", status.message()));
  stage_->Log(WEIR_LOG_INFO, absl::StrCat("network namespace ", path, " (", key.second,
                                          ") is no longer measured"));
}

void OtherNamespaces::Restore() {
  for (const auto& [key, measured] : measured_) {
    const sdk::Status status = worker_.Run(measured->fd.get(), [&attached = measured->attached] {
      attached->Restore();
      return sdk::OkStatus();
    });
    if (!status.ok()) Warn(absl::StrCat(measured->path, ": ", status.message()));
  }
}

size_t OtherNamespaces::interfaces() const {
  size_t sum = 0;
  for (const auto& [key, measured] : measured_) sum += measured->attached->size();
  return sum;
}

sdk::Status OtherNamespaces::DetachAll() {
  sdk::Status first;
  for (const auto& [key, measured] : measured_) {
    const sdk::Status status = Close(measured.get());
    if (first.ok()) first = status;
  }
  measured_.clear();
  namespaces_.Set(0);
  return first;
}

void OtherNamespaces::Warn(const std::string& message) {
  if (warnings_.Allow(stage_->MonotonicNs())) stage_->Log(WEIR_LOG_WARNING, message);
}

}  // namespace weir::ebpf
