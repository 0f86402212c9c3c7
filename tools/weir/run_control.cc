// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/run_control.h"

#include <unistd.h>

#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/pipeline/clock.h"
#include "glog/logging.h"
#include "tools/weir/capabilities.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"

namespace weir {
namespace {

// How long the last report may take: the reader of standard error may be stuck.
constexpr unsigned kLastReportSeconds = 2;

// root's threads keep their capabilities: root expects to write any file.
void GiveUpAllOfThread() {
  if (geteuid() == 0) return;
  const absl::Status status = GiveUpAllCapabilitiesOfThread();
  if (!status.ok()) LOG(WARNING) << status.message();
}

[[noreturn]] void EndSilently(int /*signal*/) { _exit(kExitFailed); }

// Ends the process if the last report takes longer than it may.
void LimitLastReport() {
  std::signal(SIGALRM, EndSilently);
  alarm(kLastReportSeconds);
}

}  // namespace

RunControl::RunControl(absl::Duration drain_timeout, Hooks hooks)
    : drain_timeout_(drain_timeout), hooks_(std::move(hooks)), reports_(hooks_.report) {}

absl::StatusOr<std::unique_ptr<RunControl>> RunControl::Create(absl::Duration drain_timeout,
                                                               Hooks hooks) {
  if (absl::Status status = PrepareSignals(); !status.ok()) return status;
  std::unique_ptr<RunControl> control(new RunControl(drain_timeout, std::move(hooks)));
  pipeline::Watchdog::Actions actions;
  actions.give_up = [it = control.get()] { it->GiveUp(); };
  actions.end = [it = control.get()] { it->EndProcess(); };
  actions.begin_thread = GiveUpAllOfThread;
  auto watchdog = pipeline::Watchdog::Create(drain_timeout, std::move(actions));
  if (!watchdog.ok()) return watchdog.status();
  control->watchdog_ = *std::move(watchdog);
  auto watcher = SignalWatcher::Create([it = control.get()](int number) { it->OnSignal(number); },
                                       GiveUpAllOfThread);
  if (!watcher.ok()) return watcher.status();
  control->watcher_ = *std::move(watcher);
  return control;
}

RunControl::~RunControl() {
  watcher_.reset();
  EndAtStopSignals();
}

void RunControl::Attach(pipeline::Pipeline* pipeline) {
  std::string early_stop;
  {
    const absl::MutexLock lock(&mutex_);
    pipeline_ = pipeline;
    early_stop.swap(early_stop_);
  }
  if (!early_stop.empty()) pipeline->RequestStop(early_stop);
}

void RunControl::OnSignal(int number) {
  pipeline::Pipeline* const pipeline = pipeline_;
  switch (number) {
    case SIGHUP:
      LOG(WARNING) << "SIGHUP: weir does not reload its configuration; the pipeline runs on";
      return;
    case SIGUSR1:
      LOG(INFO) << "SIGUSR1: reopening files";
      // Before there are stages, no file is open.
      if (pipeline != nullptr) pipeline->RequestReopen();
      return;
    case SIGUSR2: {
      const absl::Status status = reports_.Request();
      if (!status.ok()) LOG(ERROR) << "SIGUSR2: no report: " << status.message();
      return;
    }
    default:
      OnStop(number);
  }
}

void RunControl::OnStop(int number) {
  switch (stop_signals_.On(pipeline::SystemClock()->MonotonicNs())) {
    case StopSignals::Meaning::kDrain:
      break;
    case StopSignals::Meaning::kRepeat:
      return;
    case StopSignals::Meaning::kEndNow:
      LimitLastReport();
      PrintError(absl::StrCat(strsignal(number), " again: ended without draining"));
      _exit(kExitFailed);
  }
  BeginEnd();
  pipeline::Pipeline* pipeline = nullptr;
  {
    const absl::MutexLock lock(&mutex_);
    pipeline = pipeline_;
    if (pipeline == nullptr) early_stop_ = strsignal(number);
  }
  if (pipeline != nullptr) pipeline->RequestStop(strsignal(number));
}

void RunControl::GiveUp() {
  pipeline::Pipeline* const pipeline = pipeline_;
  if (pipeline != nullptr) pipeline->GiveUp(drain_timeout_);
}

void RunControl::EndProcess() {
  LimitLastReport();
  std::vector<std::string> calls;
  pipeline::Pipeline* const pipeline = pipeline_;
  if (pipeline != nullptr) {
    pipeline->CountUnfinished();
    calls = pipeline->RunningCalls();
  }
  if (const std::string opening = hooks_.opening(); !opening.empty()) calls.push_back(opening);
  if (calls.empty()) calls.emplace_back("the run does not end");
  const absl::Status first = pipeline == nullptr ? absl::OkStatus() : pipeline->FirstError();
  hooks_.report_end(absl::StrCat(first.message(), first.ok() ? "" : ": ",
                                 absl::StrJoin(calls, "; "), ": ended without waiting longer"));
  _exit(kExitFailed);
}

}  // namespace weir
