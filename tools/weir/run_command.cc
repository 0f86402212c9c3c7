// SPDX-License-Identifier: Apache-2.0
// `weir run`: a pipeline from its start to its drained end.
//
// Privileges: stages are prepared while this thread is the only one. Then the thread gives up
// the privileges that no stage needs any longer, so no thread made later has them.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/watchdog.h"
#include "core/record/terminal_text.h"
#include "core/telemetry/metrics.h"
#include "gflags/gflags.h"
#include "glog/logging.h"
#include "tools/weir/capabilities.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/flags.h"
#include "tools/weir/program.h"
#include "tools/weir/report.h"
#include "tools/weir/report_file.h"
#include "tools/weir/request_thread.h"
#include "tools/weir/resources.h"
#include "tools/weir/service_notification.h"
#include "tools/weir/signal_watcher.h"
#include "tools/weir/stop_signals.h"

DEFINE_string(config, "", "the pipeline file");
DEFINE_string(drain_timeout, "10s",
              "the longest time that the end of a run may take, as 500ms, 10s or 1m; records that "
              "are not delivered by then are dropped and counted");
DEFINE_bool(fail_on_loss, false,
            "exit with 4 if a run that is clean otherwise has lost packets or records");
DEFINE_string(
    report, "",
    "write the balance and all metrics as JSON to this file, at the end of the run, when a "
    "start fails and on SIGUSR2; the file is replaced as a whole");

namespace weir {
namespace {

// Gives the report of the running pipeline: to --report=FILE, else to stderr.
void ReportWhileRunning(const Reporter& reporter) {
  const RunReport report = reporter.Report(std::nullopt);
  if (FLAGS_report.empty()) {
    std::fputs(ReportText(report).c_str(), stderr);
    return;
  }
  const absl::Status status = WriteReportFile(FLAGS_report, ReportJson(report));
  if (status.ok()) {
    LOG(INFO) << "SIGUSR2: wrote the report '" << TerminalLine(FLAGS_report) << "'";
  } else {
    LOG(ERROR) << "SIGUSR2: " << TerminalLine(status.message());
  }
}

// Writes the report of a run that ended to --report=FILE. Returns the exit code.
int WriteLastReport(const RunReport& report) {
  const int code = report.end->exit_code;
  if (FLAGS_report.empty()) return code;
  const absl::Status status = WriteReportFile(FLAGS_report, ReportJson(report));
  if (status.ok()) return code;
  PrintError(TerminalLine(status.message()));
  return code == kExitClean ? kExitFailed : code;
}

// Prints the report of the ended run, and writes it to --report=FILE. Returns the exit code.
int ReportEnd(const Reporter& reporter, const RunEnd& end) {
  RunReport report = reporter.Report(end);
  int& code = report.end->exit_code;
  const Losses lost = report.Lost();
  const bool fails_by_loss = FLAGS_fail_on_loss && code == kExitClean && lost.any();
  if (fails_by_loss) code = kExitLoss;
  std::fputs(ReportText(report).c_str(), stderr);
  if (!end.error.empty()) PrintError(end.error);
  if (fails_by_loss) PrintError(absl::StrCat("--fail_on_loss: lost ", lost.ToString()));
  return WriteLastReport(report);
}

// What each signal does. One thread, that of the SignalWatcher.
class Signals {
 public:
  Signals(pipeline::Pipeline* pipeline, RequestThread* reports)
      : pipeline_(pipeline), reports_(reports) {}

  void On(int number) {
    switch (number) {
      case SIGHUP:
        LOG(WARNING) << "SIGHUP: weir does not reload its configuration; the pipeline runs on";
        return;
      case SIGUSR1:
        LOG(INFO) << "SIGUSR1: reopening files";
        pipeline_->RequestReopen();
        return;
      case SIGUSR2:
        if (absl::Status status = reports_->Request(); !status.ok()) {
          LOG(ERROR) << "SIGUSR2: no report: " << status.message();
        }
        return;
      default:
        OnStop(number);
    }
  }

 private:
  void OnStop(int number) {
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

  pipeline::Pipeline* const pipeline_;
  RequestThread* const reports_;
  StopSignals stop_signals_;
};

// Tells a service manager, if there is one. An error is logged and does not end the run.
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
    LogIfFailed(notification_->SendStopping("delivering all records"));
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

constexpr char kStartFailed[] = "the start failed";

// Reports that no stage runs. Returns the exit code.
int FailToStart(const Reporter& reporter, const absl::Status& status) {
  PrintRunError(status);
  // Some mistakes in a configuration show only when stages start.
  const int code = absl::IsInvalidArgument(status) ? kExitBadUsage : ExitCodeOf(status);
  if (code == kExitUnsupported) PrintError(CaptureHint());
  return WriteLastReport(
      reporter.Report(RunEnd{code, kStartFailed, std::string(status.message())}));
}

// Reports a mistake in the configuration: there are no stages. Returns the exit code.
int RefuseConfiguration(const std::string& file_name, const absl::Status& status) {
  RunReport report;
  report.pipeline = file_name;
  report.start_wall_ns = report.report_wall_ns = pipeline::SystemClock()->WallNs();
  report.end = RunEnd{BadUsage(status.message()), kStartFailed, std::string(status.message())};
  return WriteLastReport(report);
}

// An error is logged and does not end the run.
void GiveUp(const CapabilitySet& capabilities) {
  // Root's other capabilities would give it back, and root expects to have them all.
  if (capabilities.empty() || geteuid() == 0) return;
  const absl::StatusOr<CapabilitySet> given_up = GiveUpCapabilities(capabilities);
  if (!given_up.ok()) {
    LOG(WARNING) << given_up.status().message();
  } else if (!given_up->empty()) {
    LOG(INFO) << "gave up " << given_up->ToString() << ", which no stage needs any longer";
  }
}

// How a run ended whose Drain returned `status`.
RunEnd EndOf(const absl::Status& status, std::string reason) {
  return {ExitCodeOf(status), std::move(reason), std::string(status.message())};
}

int RunPipeline(pipeline::Pipeline* pipeline, const CapabilitySet& to_give_up,
                const Reporter& reporter, absl::Duration drain_timeout) {
  // Only this thread exists, and signals wait.
  if (absl::Status status = pipeline->Prepare(); !status.ok()) return FailToStart(reporter, status);
  GiveUp(to_give_up);
  const Manager manager;
  RequestThread reports([&reporter] { ReportWhileRunning(reporter); });
  Signals signals(pipeline, &reports);
  auto watcher = SignalWatcher::Create([&signals](int number) { signals.On(number); });
  if (!watcher.ok()) return FailToStart(reporter, watcher.status());
  if (absl::Status status = pipeline->Start(); !status.ok()) {
    // A report of before the end must not replace the last one.
    reports.End();
    return FailToStart(reporter, status);
  }
  manager.SayReady(pipeline->Report().size());
  pipeline->WaitUntilEnding();
  manager.SayStopping();
  const absl::Status status = pipeline::DrainWithin(pipeline, drain_timeout, [pipeline, &reporter] {
    (void)ReportEnd(reporter,
                    {kExitFailed, pipeline->EndReason(),
                     absl::StrCat(absl::StrJoin(pipeline->RunningCalls(), "; "), ": ended")});
    _exit(kExitFailed);
  });
  // A report of before the end must not replace the last one.
  reports.End();
  const int code = ReportEnd(reporter, EndOf(status, pipeline->EndReason()));
  if (const std::string hint = ResourceHint(status); !hint.empty()) PrintError(hint);
  return code;
}

// The exit code if --report=FILE cannot be written.
std::optional<int> CheckReportFlag() {
  if (FLAGS_report.empty()) return std::nullopt;
  const absl::Status status = CheckReportFile(FLAGS_report);
  if (status.ok()) return std::nullopt;
  PrintError(TerminalLine(absl::StrCat("--report: ", status.message())));
  return absl::IsInvalidArgument(status) ? kExitBadUsage : kExitFailed;
}

std::vector<std::string> TypesOf(const config::PipelineConfig& config) {
  std::vector<std::string> types;
  types.reserve(config.stages.size());
  for (const config::StageConfig& stage : config.stages) types.push_back(stage.type);
  return types;
}

}  // namespace

int RunCommand(const Arguments& /*arguments*/) {
  const absl::StatusOr<absl::Duration> drain_timeout =
      ReadDuration("drain_timeout", FLAGS_drain_timeout);
  if (!drain_timeout.ok()) return BadUsage(drain_timeout.status().message());
  if (const std::optional<int> code = CheckReportFlag(); code.has_value()) return *code;
  if (absl::Status status = PrepareSignals(); !status.ok()) {
    PrintError(status.message());
    return kExitFailed;
  }
  plugin::Catalogue catalogue(plugin::DescriptorCheck::kWhenUsed);
  const std::string file_name = PipelineFileName(FLAGS_config);
  const auto config = LoadPipeline(FLAGS_config, plugin::Catalogue::Opening::kAtOnce, &catalogue);
  if (!config.ok()) return RefuseConfiguration(file_name, config.status());
  for (const absl::Status& refused : catalogue.refused())
    LOG(WARNING) << TerminalLine(refused.message());
  telemetry::MetricRegistry metrics;
  plugin::Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto pipeline = catalogue.MakePipeline(*config, file_name, &runtime);
  if (!pipeline.ok()) return RefuseConfiguration(file_name, pipeline.status());
  const Reporter reporter(file_name, TypesOf(*config), pipeline->get(), &metrics,
                          pipeline::SystemClock());
  return RunPipeline(pipeline->get(), CapabilitySet(catalogue.CapabilitiesToGiveUp(*config)),
                     reporter, *drain_timeout);
}

}  // namespace weir
