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

// All that lies between start and stop. A step that fails ends it: what comes then would
// tell nothing new.
bool Live(Instance* instance) {
  if (instance->is_source()) return instance->Run();
  return instance->Process("no record", 0) && instance->Process("1 record", 1) &&
         instance->Process(absl::StrCat(pipeline::kMaxBatchRows, " records"),
                           pipeline::kMaxBatchRows) &&
         instance->Process("100 records with unknown fields", 100, kUnknownBytes) &&
         instance->Ticks() && instance->Reopen() && instance->Process("1 more record", 1) &&
         instance->Flush();
}

bool Life(const Subject& subject, Company company, std::string_view label,
          isolation::Steps* steps) {
  Instance instance(subject, company, label, steps);
  if (!instance.Create()) return false;
  bool whole = false;
  if (instance.Start()) {
    whole = Live(&instance);
    whole = instance.Stop() && whole;
  }
  return instance.Destroy() && whole;
}

isolation::Verdict WhatIsOpen(const std::map<int, std::string>& before) {
  for (const auto& [number, what] : FileDescriptors()) {
    if (before.count(number) == 0) {
      return isolation::Verdict::Failed(absl::StrCat("leaves a file descriptor open: ", what));
    }
  }
  return isolation::Verdict::Ok();
}

// One life with a configuration with which it may fail anywhere.
isolation::Verdict EndsCalmly(const Subject& subject) {
  TestHost host(static_cast<StageKind>(subject.component.kind), "hopeless");
  telemetry::MetricRegistry metrics;
  plugin::Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto made =
      plugin::MakePluginStage(subject.component, subject.plugin, subject.config, &host, &runtime);
  if (!made.ok()) return SaysWhy(made.status());
  pipeline::Stage* const stage = made->get();
  absl::Status status = stage->Prepare();
  if (status.ok()) status = stage->Start();
  if (!status.ok()) return SaysWhy(status);
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
  const isolation::Verdict verdict = SaysWhy(status);
  const isolation::Verdict stopped = SaysWhy(stage->Stop());
  return verdict.ok() ? stopped : verdict;
}

}  // namespace

void TryDiagnosis(const Subject& subject, isolation::Steps* steps) {
  Instance instance(subject, Company::kFirst, "on its own", steps);
  if (!instance.Create()) return;
  instance.Diagnose();
  instance.Destroy();
}

void TryLives(const Subject& subject, isolation::Steps* steps) {
  if (!Life(subject, Company::kFirst, "first instance", steps)) return;
  // What the first has opened for the life of the process may stay.
  const std::map<int, std::string> before = FileDescriptors();
  if (!Life(subject, Company::kAgain, "second instance", steps)) return;
  steps->Run("second instance: file descriptors", [&] { return WhatIsOpen(before); });
  if (subject.component.kind != WEIR_SOURCE) return;
  Instance instance(subject, Company::kAgain, "third instance", steps);
  if (!instance.Create()) return;
  if (instance.Start()) {
    instance.RunInterruptedBefore();
    instance.Stop();
  }
  instance.Destroy();
}

void TryTwoAtOnce(const Subject& subject, isolation::Steps* steps) {
  Instance one(subject, Company::kOne, "two at once, one", steps);
  Instance other(subject, Company::kOther, "two at once, other", steps);
  if (!one.Create() || !other.Create()) return;
  const bool one_runs = one.Start();
  const bool other_runs = one_runs && other.Start();
  if (other_runs && !one.is_source()) {
    if (one.Process("3 records", 3) && other.Process("5 records", 5)) one.Flush();
  }
  if (one_runs) one.Stop();
  one.Destroy();
  // It goes on although the other has ended.
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
  steps->Run("hopeless: a configuration that leads nowhere", [&] {
    const std::string hopeless = HopelessConfiguration(subject.schema, subject.config);
    if (hopeless.empty())
      return isolation::Verdict::Skipped("it has no string that may be anything");
    return EndsCalmly({subject.component, subject.plugin, subject.schema, hopeless});
  });
  steps->Run("hopeless: a configuration that is no message", [&] {
    if (subject.schema.message() == nullptr)
      return isolation::Verdict::Skipped("it takes no configuration");
    return EndsCalmly({subject.component, subject.plugin, subject.schema, std::string(16, '\xff')});
  });
}

}  // namespace weir::conformance
