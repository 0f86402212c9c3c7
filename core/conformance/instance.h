// SPDX-License-Identifier: Apache-2.0
// One instance of a component on trial, from create to destroy, each call a step.
#ifndef WEIR_CORE_CONFORMANCE_INSTANCE_H_
#define WEIR_CORE_CONFORMANCE_INSTANCE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/conformance/lent_batch.h"
#include "core/conformance/test_host.h"
#include "core/conformance/trial.h"
#include "core/isolation/steps.h"
#include "core/pipeline/stage.h"
#include "core/plugin/host.h"
#include "core/telemetry/metrics.h"

namespace weir::conformance {

// What else there is while an instance lives, and so what can be told of it.
enum class Company {
  kFirst,  // nothing: what it lacks to start, the machine lacks
  kAgain,  // nothing, and another one has had a whole life
  kOne,    // another one that is started later
  kOther,  // another one that was started before, and may have what there is one of
};

// Control thread only. Steps return whether to go on; what has been begun is ended by
// Destroy, also after a step that failed.
class Instance {
 public:
  // Steps are called "LABEL: STEP". `steps` and what `subject` refers to must outlive it.
  Instance(const Subject& subject, Company company, std::string_view label,
           isolation::Steps* steps);

  bool Create();
  bool Diagnose();
  // Prepare and start. What this machine or its user does not allow is no failure.
  bool Start();
  bool Process(std::string_view what, uint32_t rows, uint32_t unknown_bytes = 0);
  bool Ticks();
  bool Reopen();
  bool Flush();
  // A run that is interrupted, twice, once it has emitted or `patience` is over.
  bool Run();
  // A run that was interrupted before it began.
  bool RunInterruptedBefore();
  bool Stop();
  // Frees the instance and looks at what it leaves behind.
  bool Destroy();

  // Whether all batches and threads that the process has besides are known.
  bool is_alone() const { return company_ == Company::kFirst || company_ == Company::kAgain; }
  bool is_source() const { return subject_.component.kind == WEIR_SOURCE; }

 private:
  bool Step(std::string_view name, const std::function<isolation::Verdict()>& step);
  isolation::Verdict Outcome(const absl::Status& status);
  // Of a call that says first what the configuration or the machine lacks.
  isolation::Verdict StartOutcome(const absl::Status& status);
  isolation::Verdict WhatIsLeft();
  std::string WhyBalanceFails() const;
  std::string WhatIsMisnamed() const;

  pipeline::Source* source() const { return static_cast<pipeline::Source*>(stage_.get()); }
  pipeline::Consumer* consumer() const { return static_cast<pipeline::Consumer*>(stage_.get()); }

  const Subject subject_;
  const Company company_;
  const std::string label_;
  isolation::Steps* const steps_;
  TestHost host_;
  telemetry::MetricRegistry metrics_;
  plugin::Runtime runtime_;
  std::set<int> threads_before_;
  std::vector<LentBatch> lent_;
  uint32_t next_row_ = 0;
  bool failed_ = false;  // a call has: its records are not to be accounted for
  std::unique_ptr<pipeline::Stage> stage_;
};

// The verdict on a call that may fail, if only it says why.
isolation::Verdict SaysWhy(const absl::Status& status);

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_INSTANCE_H_
