// SPDX-License-Identifier: Apache-2.0
// `weir doctor`: prints what the stages of a pipeline find out about this machine.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/record/terminal_text.h"
#include "core/telemetry/metrics.h"
#include "gflags/gflags.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"

DECLARE_string(config);

namespace weir {
namespace {

using Severity = pipeline::Finding::Severity;

const char* NameOf(Severity severity) {
  switch (severity) {
    case Severity::kOk:
      return "ok";
    case Severity::kDegraded:
      return "degraded";
    case Severity::kMissing:
      break;
  }
  return "missing";
}

// A text of a plugin must not begin a line that looks like a line of weir.
std::string OneLine(const std::string& text) {
  return TerminalLine(absl::StrReplaceAll(text, {{"\n", " "}}));
}

size_t SubjectWidth(const std::vector<pipeline::StageDiagnosis>& stages) {
  size_t width = 0;
  for (const pipeline::StageDiagnosis& stage : stages) {
    for (const pipeline::Finding& finding : stage.findings) {
      width = std::max(width, OneLine(finding.subject).size());
    }
  }
  return width;
}

void PrintFindings(const std::vector<pipeline::StageDiagnosis>& stages) {
  const int width = static_cast<int>(SubjectWidth(stages));
  for (const pipeline::StageDiagnosis& stage : stages) {
    if (stage.findings.empty()) continue;
    absl::PrintF("%s\n", StageTitle(stage.kind, stage.name));
    for (const pipeline::Finding& finding : stage.findings) {
      absl::PrintF("  %-*s  %-8s  %s\n", width, OneLine(finding.subject), NameOf(finding.severity),
                   OneLine(finding.text));
    }
  }
}

size_t Count(const std::vector<pipeline::StageDiagnosis>& stages, Severity severity) {
  size_t count = 0;
  for (const pipeline::StageDiagnosis& stage : stages) {
    for (const pipeline::Finding& finding : stage.findings) count += finding.severity == severity;
  }
  return count;
}

int Fail(const absl::Status& status) {
  PrintError(status.message());
  return absl::IsInvalidArgument(status) ? kExitBadUsage : kExitFailed;
}

// `status` is the first error of a stage that could not answer. Returns the exit code.
int PrintVerdict(const std::vector<pipeline::StageDiagnosis>& stages, const absl::Status& status) {
  const std::string name = TerminalLine(PipelineFileName(FLAGS_config));
  if (!status.ok()) {
    absl::PrintF("%s: does not run here\n", name);
    return Fail(status);
  }
  const size_t missing = Count(stages, Severity::kMissing);
  const size_t degraded = Count(stages, Severity::kDegraded);
  if (missing > 0) {
    absl::PrintF("%s: does not run here: %d missing, %d degraded\n", name, missing, degraded);
    return kExitUnsupported;
  }
  if (degraded > 0) {
    absl::PrintF("%s: runs here, %d degraded\n", name, degraded);
  } else {
    absl::PrintF("%s: runs here\n", name);
  }
  return kExitClean;
}

}  // namespace

int DoctorCommand(const Arguments& /*arguments*/) {
  plugin::Catalogue catalogue(plugin::DescriptorCheck::kAtOnce);
  const auto config =
      LoadPipeline(FLAGS_config, plugin::Catalogue::Opening::kAfterExamination, &catalogue);
  if (!config.ok()) return Fail(config.status());
  for (const absl::Status& refused : catalogue.refused())
    PrintError(TerminalLine(refused.message()));
  telemetry::MetricRegistry metrics;
  plugin::Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto pipeline = catalogue.MakePipeline(*config, PipelineFileName(FLAGS_config), &runtime);
  if (!pipeline.ok()) return BadUsage(pipeline.status().message());
  std::vector<pipeline::StageDiagnosis> stages;
  const absl::Status status = (*pipeline)->Diagnose(&stages);
  PrintFindings(stages);
  return PrintVerdict(stages, status);
}

}  // namespace weir
