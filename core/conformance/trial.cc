// SPDX-License-Identifier: Apache-2.0
#include "core/conformance/trial.h"

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/conformance/configuration.h"
#include "core/conformance/instance.h"
#include "core/conformance/lent_batch.h"
#include "core/conformance/process_state.h"
#include "core/conformance/test_host.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/stage.h"
#include "core/plugin/host.h"
#include "core/plugin/plugin_stage.h"
#include "core/record/stage_kind.h"
#include "core/telemetry/metrics.h"

namespace weir::conformance {
namespace {

// Makes all calls between start and stop. Ends at the first step that fails, because later
// failures would only follow from it.
bool Live(Instance* instance) {
  if (instance->is_source()) return instance->Run();
  return instance->Process("no record", 0) && instance->Process("1 record", 1) &&
         instance->Process(absl::StrCat(pipeline::kMaxBatchRows, " records"),
                           pipeline::kMaxBatchRows) &&
         instance->Process("100 records with unknown fields", 100, kUnknownBytes) &&
         instance->Ticks() && instance->Reopen() && instance->Process("1 more record", 1) &&
         instance->Flush();
}

bool Life(const Subject& subject, Coexistence coexistence, std::string_view label,
          isolation::Steps* steps) {
  Instance instance(subject, coexistence, label, steps);
  if (!instance.Create()) return false;
  bool whole = false;
  if (instance.Start()) {
    whole = Live(&instance);
    whole = instance.Stop() && whole;
  }
  return instance.Destroy() && whole;
}

isolation::Verdict CheckFileDescriptors(const std::map<int, std::string>& before) {
  for (const auto& [number, what] : FileDescriptors()) {
    if (before.count(number) == 0) {
      return isolation::Verdict::Failed(absl::StrCat("leaves a file descriptor open: ", what));
    }
  }
  return isolation::Verdict::Ok();
}

// Runs an instance with a configuration that may make any call fail.
isolation::Verdict TryHopelessConfiguration(const Subject& subject) {
  TestHost host(static_cast<StageKind>(subject.component.kind), "hopeless");
  telemetry::MetricRegistry metrics;
  plugin::Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto made =
      plugin::MakePluginStage(subject.component, subject.plugin, subject.config, &host, &runtime);
  if (!made.ok()) return CheckHasMessage(made.status());
  pipeline::Stage* const stage = made->get();
  absl::Status status = stage->Prepare();
  if (status.ok()) status = stage->Start();
  if (!status.ok()) return CheckHasMessage(status);
  if (subject.component.kind == WEIR_SOURCE) {
    auto* const source = static_cast<pipeline::Source*>(stage);
    source->Interrupt();
    status = host.OnOwnThread([&] { return source->Run(); });
  } else {
    auto* const consumer = static_cast<pipeline::Consumer*>(stage);
    const LentBatch lent(10, 0, 0);
    status = host.OnOwnThread([&] { return consumer->Process(lent.batch()); });
    if (status.ok()) status = host.OnOwnThread([&] { return consumer->Flush(); });
  }
  const isolation::Verdict verdict = CheckHasMessage(status);
  const isolation::Verdict stopped = CheckHasMessage(stage->Stop());
  return verdict.ok() ? stopped : verdict;
}

}  // namespace

void TryDiagnosis(const Subject& subject, isolation::Steps* steps) {
  Instance instance(subject, Coexistence::kAloneFirst, "on its own", steps);
  if (!instance.Create()) return;
  instance.Diagnose();
  instance.Destroy();
}

void TryLives(const Subject& subject, isolation::Steps* steps) {
  if (!Life(subject, Coexistence::kAloneFirst, "first instance", steps)) return;
  // The first instance may open files for the life of the process.
  const std::map<int, std::string> before = FileDescriptors();
  if (!Life(subject, Coexistence::kAloneAgain, "second instance", steps)) return;
  steps->Run("second instance: file descriptors", [&] { return CheckFileDescriptors(before); });
  if (subject.component.kind != WEIR_SOURCE) return;
  Instance instance(subject, Coexistence::kAloneAgain, "third instance", steps);
  if (!instance.Create()) return;
  if (instance.Start()) {
    instance.RunInterruptedBefore();
    instance.Stop();
  }
  instance.Destroy();
}

void TryTwoAtOnce(const Subject& subject, isolation::Steps* steps) {
  Instance one(subject, Coexistence::kStartedFirst, "two at once, one", steps);
  Instance other(subject, Coexistence::kStartedSecond, "two at once, other", steps);
  if (!one.Create() || !other.Create()) return;
  const bool one_runs = one.Start();
  const bool other_runs = one_runs && other.Start();
  if (other_runs && !one.is_source()) {
    if (one.Process("3 records", 3) && other.Process("5 records", 5)) one.Flush();
  }
  if (one_runs) one.Stop();
  one.Destroy();
  // The second instance must still work after the end of the first.
  if (other_runs) {
    if (other.is_source()) {
      other.Run();
    } else if (other.Process("7 records", 7)) {
      other.Flush();
    }
    other.Stop();
  }
  other.Destroy();
}

void TryHopelessConfigurations(const Subject& subject, isolation::Steps* steps) {
  steps->Run("hopeless: a configuration of unusable strings", [&] {
    const std::string hopeless = HopelessConfiguration(subject.schema, subject.config);
    if (hopeless.empty())
      return isolation::Verdict::Skipped("it has no string field that accepts any text");
    return TryHopelessConfiguration({subject.component, subject.plugin, subject.schema, hopeless});
  });
  steps->Run("hopeless: a configuration that does not parse", [&] {
    if (subject.schema.message() == nullptr)
      return isolation::Verdict::Skipped("it takes no configuration");
    return TryHopelessConfiguration(
        {subject.component, subject.plugin, subject.schema, std::string(16, '\xff')});
  });
}

}  // namespace weir::conformance
