// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/watchdog.h"

#include <utility>

namespace weir::pipeline {

absl::StatusOr<std::unique_ptr<Watchdog>> Watchdog::Create(absl::Duration timeout, Actions actions,
                                                           absl::Duration grace,
                                                           absl::Duration destroy_time) {
  std::unique_ptr<Watchdog> watchdog(new Watchdog(timeout, grace, destroy_time));
  auto give_up = Alarm::Create(std::move(actions.give_up), actions.begin_thread);
  if (!give_up.ok()) return give_up.status();
  auto end = Alarm::Create(std::move(actions.end), actions.begin_thread);
  if (!end.ok()) return end.status();
  watchdog->give_up_ = *std::move(give_up);
  watchdog->end_ = *std::move(end);
  return watchdog;
}

void Watchdog::BeginEnd() {
  if (ending_.exchange(true)) return;
  give_up_->Set(timeout_);
  end_->Set(timeout_ + grace_);
}

void Watchdog::BeginDestroy() {
  ending_ = true;
  give_up_->Cancel();
  end_->Set(destroy_time_);
}

absl::Status DrainWithin(Pipeline* pipeline, absl::Duration timeout, std::function<void()> stuck) {
  Watchdog::Actions actions;
  actions.give_up = [pipeline, timeout] { pipeline->GiveUp(timeout); };
  actions.end = [pipeline, stuck = std::move(stuck)] {
    pipeline->CountUnfinished();
    stuck();
  };
  const auto watchdog = Watchdog::Create(timeout, std::move(actions));
  if (watchdog.ok()) (*watchdog)->BeginEnd();
  const absl::Status status = pipeline->Drain();
  return watchdog.ok() ? status : watchdog.status();
}

}  // namespace weir::pipeline
