// SPDX-License-Identifier: Apache-2.0
// `weir run`: a pipeline from its start to its drained end.
//
// Privileges: stages are prepared while this thread is the only one; then it gives up
// what nobody needs any more, and every thread that is made has what is left.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/telemetry/metrics.h"
#include "gflags/gflags.h"
#include "glog/logging.h"
#include "tools/weir/capabilities.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"
#include "tools/weir/report.h"
#include "tools/weir/resources.h"
#include "tools/weir/service_notification.h"
#include "tools/weir/signal_watcher.h"
#include "tools/weir/stop_signals.h"
#include "tools/weir/terminal_text.h"

DEFINE_string(config, "", "the pipeline file");
DEFINE_string(drain_timeout, "10s", "how long the end of a run may take, e.g. 500ms, 10s, 1m");

namespace weir {
namespace {

void PrintReport(const pipeline::Pipeline& pipeline, const telemetry::MetricRegistry& metrics) {
  const std::string text =
      absl::StrCat(BalanceTable(pipeline.Report()), MetricLines(metrics.Snapshot()));
  std::fputs(text.c_str(), stderr);
}

// SIGUSR1 lets files be opened anew, SIGHUP does nothing. StopSignals decides about all others.
class Signals {
 public:
  explicit Signals(pipeline::Pipeline* pipeline) : pipeline_(pipeline) {}

  void On(int number) {
    if (number == SIGHUP) {
      LOG(WARNING) << "SIGHUP: weir does not reload its configuration; the pipeline runs on";
      return;
    }
    if (number == SIGUSR1) {
      LOG(INFO) << "SIGUSR1: files are opened anew";
      pipeline_->RequestReopen();
      return;
    }
    switch (stop_signals_.On(pipeline::SystemClock()->MonotonicNs())) {
      case StopSignals::Meaning::kDrain:
        pipeline_->RequestStop(strsignal(number));
        return;
      case StopSignals::Meaning::kRepeat:
        return;
      case StopSignals::Meaning::kEndNow:
        PrintError(absl::StrCat(strsignal(number), " again: ended without draining"));
        _exit(kExitFailed);
    }
  }

 private:
  pipeline::Pipeline* const pipeline_;
  StopSignals stop_signals_;  // only the signal thread
};

absl::StatusOr<absl::Duration> DrainTimeout() {
  absl::Duration timeout;
  if (!absl::ParseDuration(FLAGS_drain_timeout, &timeout) || timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat("--drain_timeout: '", FLAGS_drain_timeout,
                                                   "' is no length of time, such as 10s"));
  }
  return timeout;
}

// For a service manager, if there is one. That it cannot be told does not stop the run:
// flows are what weir is for.
class Manager {
 public:
  Manager() : notification_(ServiceNotification::FromEnvironment()) {
    LogIfFailed(notification_.status());
  }
  void SayReady(size_t stages) const {
    if (!notification_.ok()) return;
    LogIfFailed(notification_->SendReady(absl::StrCat("running ", stages, " stages")));
  }
  void SayStopping() const {
    if (!notification_.ok()) return;
    LogIfFailed(notification_->SendStopping("delivering what was counted"));
  }

 private:
  static void LogIfFailed(const absl::Status& status) {
    if (!status.ok()) LOG(ERROR) << status.message();
  }

  const absl::StatusOr<ServiceNotification> notification_;
};

void PrintRunError(const absl::Status& status) {
  PrintError(status.message());
  if (const std::string hint = ResourceHint(status); !hint.empty()) PrintError(hint);
}

int PrintStartError(const absl::Status& status) {
  PrintRunError(status);
  // Stages that do not fit together show only when they meet.
  const int code = absl::IsInvalidArgument(status) ? kExitBadUsage : ExitCodeOf(status);
  if (code == kExitUnsupported) PrintError(CaptureHint());
  return code;
}

// Flows are what weir is for: that it has more privileges than it needs ends no run.
void GiveUp(const CapabilitySet& capabilities) {
  // Root's other capabilities would give it back, and root expects to have them all.
  if (capabilities.empty() || geteuid() == 0) return;
  const absl::StatusOr<CapabilitySet> given_up = GiveUpCapabilities(capabilities);
  if (!given_up.ok()) {
    LOG(WARNING) << given_up.status().message();
  } else if (!given_up->empty()) {
    LOG(INFO) << "gave up " << given_up->ToString() << ", which is not needed any more";
  }
}

int RunPipeline(pipeline::Pipeline* pipeline, const CapabilitySet& to_give_up,
                const telemetry::MetricRegistry& metrics, absl::Duration drain_timeout) {
  // No thread has been made by now, and signals wait.
  if (absl::Status status = pipeline->Prepare(); !status.ok()) return PrintStartError(status);
  GiveUp(to_give_up);
  const Manager manager;
  Signals signals(pipeline);
  auto watcher = SignalWatcher::Create([&signals](int number) { signals.On(number); });
  if (!watcher.ok()) {
    PrintRunError(watcher.status());
    return kExitFailed;
  }
  if (absl::Status status = pipeline->Start(); !status.ok()) return PrintStartError(status);
  manager.SayReady(pipeline->Report().size());
  pipeline->WaitUntilEnding();
  manager.SayStopping();
  const absl::Status status = pipeline->Drain(drain_timeout, [pipeline, &metrics] {
    PrintReport(*pipeline, metrics);
    PrintError("a stage does not return: ended without it");
    _exit(kExitFailed);
  });
  PrintReport(*pipeline, metrics);
  if (!status.ok()) PrintRunError(status);
  return ExitCodeOf(status);
}

}  // namespace

int RunCommand(const Arguments& /*arguments*/) {
  const absl::StatusOr<absl::Duration> drain_timeout = DrainTimeout();
  if (!drain_timeout.ok()) {
    PrintError(drain_timeout.status().message());
    return kExitBadUsage;
  }
  if (absl::Status status = PrepareSignals(); !status.ok()) {
    PrintError(status.message());
    return kExitFailed;
  }
  plugin::Catalogue catalogue(plugin::DescriptorCheck::kWhenUsed);
  const auto config = LoadPipeline(FLAGS_config, plugin::Catalogue::Opening::kAtOnce, &catalogue);
  if (!config.ok()) {
    PrintError(config.status().message());
    return kExitBadUsage;
  }
  for (const absl::Status& refused : catalogue.refused())
    LOG(WARNING) << TerminalLine(refused.message());
  telemetry::MetricRegistry metrics;
  plugin::Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto pipeline = pipeline::Pipeline::Create(
      catalogue.StageSpecs(*config, PipelineFileName(FLAGS_config), &runtime),
      pipeline::SystemClock());
  if (!pipeline.ok()) {
    PrintError(pipeline.status().message());
    return kExitBadUsage;
  }
  return RunPipeline(pipeline->get(), CapabilitySet(catalogue.CapabilitiesToGiveUp(*config)),
                     metrics, *drain_timeout);
}

}  // namespace weir
