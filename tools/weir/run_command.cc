// SPDX-License-Identifier: Apache-2.0
// `weir run`: a pipeline from its start to its drained end.
//
// Privileges: stages are prepared while no other thread has a privilege. Then this thread gives up
// the privileges that no stage needs any longer, so no thread made later has them.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
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
#include "tools/weir/resources.h"
#include "tools/weir/run_control.h"
#include "tools/weir/service_notification.h"

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

constexpr char kStartFailed[] = "the start failed";

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

// Reports that no stage runs. Returns the exit code.
int FailToStart(const Reporter& reporter, const absl::Status& status) {
  PrintRunError(status);
  // Some mistakes in a configuration show only when stages start.
  const int code = absl::IsInvalidArgument(status) ? kExitBadUsage : ExitCodeOf(status);
  if (code == kExitUnsupported) PrintError(CaptureHint());
  return WriteLastReport(
      reporter.Report(RunEnd{code, kStartFailed, std::string(status.message())}));
}

// Reports an end before there are stages. Returns the exit code.
int FailWithoutStages(const std::string& file_name, int code, const absl::Status& status) {
  PrintRunError(status);
  RunReport report;
  report.pipeline = file_name;
  report.start_wall_ns = report.report_wall_ns = pipeline::SystemClock()->WallNs();
  report.end = RunEnd{code, kStartFailed, std::string(status.message())};
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

// One run. The control thread, except where a function names another one.
class Run {
 public:
  // Returns the exit code.
  int Execute(absl::Duration drain_timeout);

 private:
  absl::Status MakeControl(absl::Duration drain_timeout);
  // Make the pipeline of `config` and run it. Return the exit code.
  int RunPipeline(const config::PipelineConfig& config);
  int RunStages(const CapabilitySet& to_give_up);
  // Frees the stages. Returns `code`, which was reported.
  int Destroy(int code);

  // On the threads of the control.
  void ReportOnRequest();
  void ReportStuck(const std::string& error);

  const std::string file_name_ = PipelineFileName(FLAGS_config);
  plugin::Catalogue catalogue_{plugin::DescriptorCheck::kWhenUsed};
  telemetry::MetricRegistry metrics_;
  plugin::Runtime runtime_{pipeline::SystemClock(), &metrics_, {}};
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::optional<Reporter> reporter_;
  std::atomic<bool> has_reporter_{false};  // other threads use reporter_ only if it is set
  std::atomic<bool> reported_{false};      // the end of the run
  // The last member, because its threads use the others.
  std::unique_ptr<RunControl> control_;
};

int Run::Execute(absl::Duration drain_timeout) {
  if (absl::Status status = MakeControl(drain_timeout); !status.ok()) {
    return FailWithoutStages(file_name_, kExitFailed, status);
  }
  const auto config = LoadPipeline(FLAGS_config, plugin::Catalogue::Opening::kAtOnce, &catalogue_);
  if (!config.ok()) return FailWithoutStages(file_name_, kExitBadUsage, config.status());
  for (const absl::Status& refused : catalogue_.refused())
    LOG(WARNING) << TerminalLine(refused.message());
  return RunPipeline(*config);
}

absl::Status Run::MakeControl(absl::Duration drain_timeout) {
  RunControl::Hooks hooks;
  hooks.report = [this] { ReportOnRequest(); };
  hooks.report_end = [this](const std::string& error) { ReportStuck(error); };
  hooks.opening = [this] {
    const std::string file = catalogue_.FileInOpening();
    return file.empty() ? "" : absl::StrCat("plugin '", file, "' does not return from its opening");
  };
  auto control = RunControl::Create(drain_timeout, std::move(hooks));
  if (!control.ok()) return control.status();
  control_ = *std::move(control);
  return absl::OkStatus();
}

int Run::RunPipeline(const config::PipelineConfig& config) {
  pipeline_ =
      std::make_unique<pipeline::Pipeline>(catalogue_.StageSpecs(config, file_name_, &runtime_),
                                           runtime_.clock, [this] { control_->BeginEnd(); });
  reporter_.emplace(file_name_, TypesOf(config), pipeline_.get(), &metrics_, runtime_.clock);
  has_reporter_ = true;
  control_->Attach(pipeline_.get());
  if (absl::Status status = pipeline_->CreateStages(); !status.ok()) {
    reported_ = true;
    return Destroy(FailWithoutStages(file_name_, kExitBadUsage, status));
  }
  return RunStages(CapabilitySet(catalogue_.CapabilitiesToGiveUp(config)));
}

int Run::RunStages(const CapabilitySet& to_give_up) {
  absl::Status status = pipeline_->Prepare();
  GiveUp(to_give_up);
  const Manager manager;
  if (status.ok()) status = pipeline_->Start();
  if (!status.ok()) {
    // A report of before the end must not replace the last one.
    control_->EndReports();
    reported_ = true;
    return Destroy(FailToStart(*reporter_, status));
  }
  manager.SayReady(pipeline_->Report().size());
  pipeline_->WaitUntilEnding();
  manager.SayStopping();
  status = pipeline_->Drain();
  control_->BeginDestroy();  // before the report: the pipeline may still be giving up
  control_->EndReports();
  reported_ = true;
  const int code = ReportEnd(*reporter_, EndOf(status, pipeline_->EndReason()));
  if (const std::string hint = ResourceHint(status); !hint.empty()) PrintError(hint);
  return Destroy(code);
}

int Run::Destroy(int code) {
  control_->BeginDestroy();
  pipeline_->DestroyStages();
  return code;
}

void Run::ReportOnRequest() {
  if (has_reporter_) return ReportWhileRunning(*reporter_);
  LOG(WARNING) << "SIGUSR2: there are no stages yet";
}

void Run::ReportStuck(const std::string& error) {
  if (!has_reporter_) {
    (void)FailWithoutStages(file_name_, kExitFailed, absl::DeadlineExceededError(error));
    return;
  }
  const RunEnd end{kExitFailed, pipeline_->EndReason(), error};
  if (!reported_) {
    (void)ReportEnd(*reporter_, end);
    return;
  }
  PrintError(error);
  (void)WriteLastReport(reporter_->Report(end));
}

}  // namespace

int RunCommand(const Arguments& /*arguments*/) {
  const absl::StatusOr<absl::Duration> drain_timeout =
      ReadDuration("drain_timeout", FLAGS_drain_timeout);
  if (!drain_timeout.ok()) return BadUsage(drain_timeout.status().message());
  if (const std::optional<int> code = CheckReportFlag(); code.has_value()) return *code;
  return Run().Execute(*drain_timeout);
}

}  // namespace weir
