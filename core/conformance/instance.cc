// SPDX-License-Identifier: Apache-2.0
#include "core/conformance/instance.h"

#include <algorithm>
#include <cstddef>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/conformance/process_state.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/clock.h"
#include "core/plugin/exception_guard.h"
#include "core/plugin/plugin_library.h"
#include "core/plugin/plugin_stage.h"
#include "core/record/stage_kind.h"
#include "core/telemetry/stage_counters.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/thread.h"

namespace weir::conformance {
namespace {

// How long Run waits for the first batch of a source before it interrupts the source.
constexpr absl::Duration kPatience = absl::Seconds(1);

constexpr uint64_t kHourNs = 3600ULL * 1'000'000'000;

}  // namespace

isolation::Verdict CheckHasMessage(const absl::Status& status) {
  const std::string_view message = status.message();
  if (absl::StartsWith(message, plugin::kThrewException))
    return isolation::Verdict::Failed(message);
  if (message == plugin::kNoReason) {
    return isolation::Verdict::Failed(
        absl::StrCat("returned error ", status.raw_code(), " without a message (host->error_set)"));
  }
  return isolation::Verdict::Ok();
}

Instance::Instance(const Subject& subject, Coexistence coexistence, std::string_view label,
                   isolation::Steps* steps)
    : subject_(subject),
      coexistence_(coexistence),
      label_(label),
      steps_(steps),
      host_(static_cast<StageKind>(subject.component.kind), std::string(label)),
      runtime_{pipeline::SystemClock(), &metrics_, {}},
      threads_before_(Threads()) {}

bool Instance::Step(std::string_view name, const std::function<isolation::Verdict()>& step) {
  const bool ok = steps_->Run(absl::StrCat(label_, ": ", name), [&] {
    isolation::Verdict verdict = step();
    const std::string misuse = host_.TakeMisuse();
    return verdict.ok() && !misuse.empty() ? isolation::Verdict::Failed(misuse) : verdict;
  });
  failed_ = failed_ || !ok;
  return ok;
}

isolation::Verdict Instance::Outcome(const absl::Status& status) {
  if (const isolation::Verdict why = CheckHasMessage(status); !why.ok()) return why;
  return isolation::Verdict::Of(status);
}

isolation::Verdict Instance::StartOutcome(const absl::Status& status) {
  isolation::Verdict verdict = Outcome(status);
  if (verdict.ok() || !CheckHasMessage(status).ok()) return verdict;
  // After an earlier instance has succeeded, nothing is missing.
  const bool may_lack =
      coexistence_ == Coexistence::kAloneFirst || coexistence_ == Coexistence::kStartedFirst;
  const bool lacks = absl::IsPermissionDenied(status) || absl::IsUnimplemented(status) ||
                     absl::IsFailedPrecondition(status);
  if (coexistence_ == Coexistence::kStartedSecond) {
    verdict = {isolation::Verdict::Kind::kAlone,
               absl::StrCat("one instance at a time with this configuration: ", verdict.text)};
  } else if (may_lack && lacks) {
    verdict.kind = isolation::Verdict::Kind::kUnsupported;
  } else if (may_lack && absl::IsInvalidArgument(status)) {
    verdict.kind = isolation::Verdict::Kind::kUnconfigured;
  }
  return verdict;
}

bool Instance::Create() {
  return Step("create", [&] {
    auto made = plugin::MakePluginStage(subject_.component, subject_.plugin, subject_.config,
                                        &host_, &runtime_);
    if (!made.ok()) return StartOutcome(made.status());
    stage_ = *std::move(made);
    if (Threads().size() > threads_before_.size()) {
      return isolation::Verdict::Failed(
          "create made a thread; only start may, after privileges are given up");
    }
    return isolation::Verdict::Ok();
  });
}

bool Instance::Diagnose() {
  return Step("diagnose", [&] {
    std::vector<pipeline::Finding> findings;
    // diagnose may fail: "could not find out".
    const absl::Status status = stage_->Diagnose(&findings);
    for (const pipeline::Finding& finding : findings) {
      if (finding.subject.empty() || finding.text.empty()) {
        return isolation::Verdict::Failed("reported a finding without subject or text");
      }
    }
    return CheckHasMessage(status);
  });
}

bool Instance::Start() {
  if (!Step("prepare", [&] { return StartOutcome(stage_->Prepare()); })) return false;
  return Step("start", [&] { return StartOutcome(stage_->Start()); });
}

bool Instance::Process(std::string_view what, uint32_t rows, uint32_t unknown_bytes) {
  return Step(absl::StrCat("process ", what), [&] {
    lent_.emplace_back(rows, next_row_, unknown_bytes);
    next_row_ += rows;
    LentBatch& lent = lent_.back();
    host_.counters().AddReceived(rows);
    const absl::Status status =
        host_.OnOwnThread([&] { return consumer()->Process(lent.batch()); });
    if (const std::string done = lent.TakeViolation(); !done.empty())
      return isolation::Verdict::Failed(done);
    return Outcome(status);
  });
}

bool Instance::Ticks() {
  return Step("tick", [&] {
    const absl::StatusOr<uint64_t> told_ns = consumer()->TickIntervalNs();
    if (!told_ns.ok()) return Outcome(told_ns.status());
    const uint64_t interval_ns = std::min(*told_ns, pipeline::kMaxTickIntervalNs);
    if (interval_ns == 0) return isolation::Verdict::Skipped("the component has no ticks");
    const uint64_t now_ns = runtime_.clock->MonotonicNs();
    for (const uint64_t at_ns : {now_ns, now_ns + interval_ns, now_ns + kHourNs}) {
      const absl::Status status = host_.OnOwnThread([&] { return consumer()->Tick(at_ns); });
      if (!status.ok()) return Outcome(status);
    }
    return isolation::Verdict::Ok();
  });
}

bool Instance::Reopen() {
  return Step("reopen",
              [&] { return Outcome(host_.OnOwnThread([&] { return consumer()->Reopen(); })); });
}

bool Instance::Flush() {
  return Step("flush", [&] {
    const absl::Status status = host_.OnOwnThread([&] { return consumer()->Flush(); });
    if (!status.ok()) return Outcome(status);
    const uint64_t held = host_.counters().Snapshot().held;
    if (held == 0) return isolation::Verdict::Ok();
    return isolation::Verdict::Failed(absl::StrCat("still holds ", held, " records after flush"));
  });
}

bool Instance::Run() {
  return Step("run, interrupted twice", [&] {
    absl::Notification returned;
    absl::Status status;
    std::thread run;
    const sdk::Status started = sdk::StartThread(&run, "", [&] {
      status = host_.OnOwnThread([&] { return source()->Run(); });
      returned.Notify();
    });
    if (!started.ok()) return isolation::Verdict::Failed(started.message());
    const absl::Time until = absl::Now() + kPatience;
    while (!returned.HasBeenNotified() && !host_.has_emitted() && absl::Now() < until) {
      returned.WaitForNotificationWithTimeout(absl::Milliseconds(1));
    }
    source()->Interrupt();
    source()->Interrupt();
    run.join();
    source()->Interrupt();  // may also come after run has returned
    return StartOutcome(status);
  });
}

bool Instance::RunInterruptedBefore() {
  return Step("run, interrupted before", [&] {
    source()->Interrupt();
    return StartOutcome(host_.OnOwnThread([&] { return source()->Run(); }));
  });
}

bool Instance::Stop() {
  return Step("stop", [&] {
    const absl::Status status = stage_->Stop();
    const size_t threads = is_alone() ? ThreadsLeft(threads_before_) : 0;
    if (threads > 0) {
      return isolation::Verdict::Failed(
          absl::StrCat("returned while ", threads, " of its threads still run"));
    }
    if (!status.ok()) return Outcome(status);
    if (failed_) return isolation::Verdict::Ok();
    const std::string why = BalanceError();
    return why.empty() ? isolation::Verdict::Ok() : isolation::Verdict::Failed(why);
  });
}

std::string Instance::BalanceError() const {
  telemetry::Balance balance = const_cast<TestHost&>(host_).counters().Snapshot();
  for (const auto& [reason, records] : balance.dropped) {
    if (!plugin::IsSnakeCase(reason)) {
      return absl::StrCat("dropped records with a reason that is not in snake_case: '", reason,
                          "'");
    }
  }
  const int64_t unaccounted = balance.Unaccounted();
  if (unaccounted == 0) return {};
  if (unaccounted > 0) {
    return absl::StrCat("the balance does not hold: of ", balance.received, " records received, ",
                        unaccounted, " are unaccounted for");
  }
  return absl::StrCat("the balance does not hold: of ", balance.received,
                      " records received, it accounts for ", balance.received - unaccounted);
}

bool Instance::Destroy() {
  return Step("destroy", [&] {
    stage_.reset();
    return CheckLeftovers();
  });
}

isolation::Verdict Instance::CheckLeftovers() {
  for (LentBatch& lent : lent_) {
    if (const std::string done = lent.TakeViolation(); !done.empty())
      return isolation::Verdict::Failed(done);
    if (lent.IsRetained())
      return isolation::Verdict::Failed("still retains an input batch after destroy");
  }
  lent_.clear();
  if (is_alone()) {
    if (const int64_t batches = pipeline::LiveBatches(); batches > 0) {
      return isolation::Verdict::Failed(
          absl::StrCat("never released ", batches, " of the batches that it allocated"));
    }
    if (ThreadsLeft(threads_before_) > 0) return isolation::Verdict::Failed("left a thread behind");
  }
  const std::string misnamed = MetricNameError();
  return misnamed.empty() ? isolation::Verdict::Ok() : isolation::Verdict::Failed(misnamed);
}

std::string Instance::MetricNameError() const {
  for (const telemetry::MetricSample& sample : metrics_.Snapshot()) {
    const std::string& name = sample.name.name;
    if (!absl::StartsWith(name, "weir_") || !plugin::IsSnakeCase(name)) {
      return absl::StrCat("has a metric '", name, "'; its name must be weir_NAME, in snake_case");
    }
    if (sample.kind == telemetry::MetricKind::kCounter && !absl::EndsWith(name, "_total")) {
      return absl::StrCat("has a counter '", name, "'; its name must end in _total");
    }
  }
  return {};
}

}  // namespace weir::conformance
