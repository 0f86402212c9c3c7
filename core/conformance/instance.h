// SPDX-License-Identifier: Apache-2.0
// Drives one instance of a component from create to destroy, and reports each call as a
// step.
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

// Which other instances exist besides this one, and so what a failed start means.
enum class Coexistence {
  kAloneFirst,     // none yet: a resource that is missing is missing on this machine
  kAloneAgain,     // none now, and an earlier one has succeeded: every failure is a defect
  kStartedFirst,   // another one, which starts later
  kStartedSecond,  // another one, which started earlier and may hold a unique resource
};

// Every step returns true if the next one should follow. After Create, Destroy must be
// called, even if a step failed. Control thread only.
class Instance {
 public:
  // The steps are named "LABEL: STEP". `steps` and what `subject` refers to must outlive the
  // instance.
  Instance(const Subject& subject, Coexistence coexistence, std::string_view label,
           isolation::Steps* steps);

  bool Create();
  bool Diagnose();
  // Calls prepare and start. It is no failure if this machine or user does not permit them.
  bool Start();
  bool Process(std::string_view what, uint32_t rows, uint32_t unknown_bytes = 0);
  bool Ticks();
  bool Reopen();
  bool Flush();
  // Calls run, and interrupts it twice once it has emitted or after a second.
  bool Run();
  // Calls interrupt, then run.
  bool RunInterruptedBefore();
  bool Stop();
  // Frees the instance and checks what it leaves behind.
  bool Destroy();

  // True if no other instance exists that could own batches and threads of the process.
  bool is_alone() const {
    return coexistence_ == Coexistence::kAloneFirst || coexistence_ == Coexistence::kAloneAgain;
  }
  bool is_source() const { return subject_.component.kind == WEIR_SOURCE; }

 private:
  bool Step(std::string_view name, const std::function<isolation::Verdict()>& step);
  isolation::Verdict Outcome(const absl::Status& status);
  // The verdict on a call that may find out that the configuration or machine lacks
  // something.
  isolation::Verdict StartOutcome(const absl::Status& status);
  isolation::Verdict CheckLeftovers();
  std::string BalanceError() const;
  std::string MetricNameError() const;

  pipeline::Source* source() const { return static_cast<pipeline::Source*>(stage_.get()); }
  pipeline::Consumer* consumer() const { return static_cast<pipeline::Consumer*>(stage_.get()); }

  const Subject subject_;
  const Coexistence coexistence_;
  const std::string label_;
  isolation::Steps* const steps_;
  TestHost host_;
  telemetry::MetricRegistry metrics_;
  plugin::Runtime runtime_;
  std::set<int> threads_before_;
  std::vector<LentBatch> lent_;
  uint32_t next_row_ = 0;
  bool failed_ = false;  // a call failed, so its records need not be accounted for
  std::unique_ptr<pipeline::Stage> stage_;
};

// Returns the verdict on a call that may fail but must then say why.
isolation::Verdict CheckHasMessage(const absl::Status& status);

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_INSTANCE_H_
