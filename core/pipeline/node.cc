// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/node.h"

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/pipeline/host_status.h"
#include "glog/logging.h"
#include "plugins/sdk/thread.h"

namespace weir::pipeline {
namespace {

// Reasons of counted drops.
constexpr char kStageFailed[] = "stage_failed";
constexpr char kDrainTimeout[] = "drain_timeout";

// Replaces the text of a status that has none, because memory was too short for one.
constexpr std::string_view kOutOfMemory = "out of memory";

}  // namespace

Node::Node(StageKind kind, std::string name, size_t queue_batches, const Clock* clock,
           NodeEvents* events)
    : kind_(kind),
      name_(std::move(name)),
      queue_batches_(queue_batches),
      clock_(clock),
      events_(events) {}

Node::~Node() { CHECK(!thread_.joinable()) << name_ << " was not finished"; }

absl::Status Node::Create(const StageFactory& factory) {
  if (absl::Status status = stage_.Create(factory, this); !status.ok()) return status;
  if (kind_ == StageKind::kSource) return absl::OkStatus();
  const absl::StatusOr<uint64_t> interval_ns = stage_.TickIntervalNs();
  if (!interval_ns.ok()) return interval_ns.status();
  tick_interval_ns_ = std::min(*interval_ns, kMaxTickIntervalNs);
  return absl::OkStatus();
}

void Node::ConnectTo(Node* consumer) {
  outputs_.push_back({consumer, consumer->inputs_.size()});
  consumer->inputs_.push_back(this);
}

void Node::MakeQueue() {
  pausable_ = ComputePausable();
  if (kind_ == StageKind::kSource || !has_own_thread()) return;
  queue_ = std::make_unique<InputQueue>(inputs_.size(), queue_batches_);
  queue_made_ = true;
  if (aborted_) (void)queue_->Abort();  // it is empty
}

// A sink may block on external I/O; its own queue keeps that from stalling its siblings.
bool Node::ComputePausable() {
  if (kind_ == StageKind::kSource) return stage_.Pausable();
  return kind_ == StageKind::kTransform &&
         std::all_of(inputs_.begin(), inputs_.end(),
                     [](const Node* input) { return input->pausable_; });
}

absl::Status Node::Start() {
  if (absl::Status status = stage_.Start(); !status.ok()) return status;
  return queue_ == nullptr ? absl::OkStatus() : StartThread(&Node::RunConsumer);
}

void Node::Run() {
  const absl::Status status = StartThread(&Node::RunSource);
  if (status.ok()) return;
  Fail(status);
  events_->OnSourceFinished();
}

absl::Status Node::StartThread(void (Node::*body)()) {
  return HostStatus(sdk::StartThread(&thread_, "", [this, body] { (this->*body)(); }));
}

void Node::Interrupt() { stage_.Interrupt(); }

void Node::RunSource() {
  const absl::Status status = stage_.Run();
  if (!status.ok()) Fail(status);
  // Records that the source had read before Emit failed.
  if (aborted_) counters_.DropUnaccounted(kDrainTimeout);
  events_->OnSourceFinished();
}

void Node::RunConsumer() {
  uint64_t next_tick_ns = clock_->MonotonicNs() + tick_interval_ns_;
  while (true) {
    absl::Duration wait = absl::InfiniteDuration();
    if (tick_interval_ns_ > 0) {
      const uint64_t now_ns = clock_->MonotonicNs();
      wait = absl::Nanoseconds(now_ns < next_tick_ns ? next_tick_ns - now_ns : 0);
    }
    const InputQueue::Popped popped = queue_->Pop(wait);
    if (popped.outcome == InputQueue::Outcome::kClosed) break;
    absl::MutexLock lock(&consume_mutex_);
    ReopenIfDue();
    if (popped.batch) Process(popped.batch);
    TickIfDue(&next_tick_ns);
  }
  Flush();
}

void Node::TickIfDue(uint64_t* next_tick_ns) {
  if (tick_interval_ns_ == 0 || failed_) return;
  const uint64_t now_ns = clock_->MonotonicNs();
  if (now_ns < *next_tick_ns) return;
  // Missed ticks are skipped; the next one stays on the grid of the interval.
  *next_tick_ns += ((now_ns - *next_tick_ns) / tick_interval_ns_ + 1) * tick_interval_ns_;
  if (absl::Status status = stage_.Tick(now_ns); !status.ok()) Fail(status);
}

void Node::RequestReopen() {
  if (!queue_made_) return;
  reopen_due_ = true;
  queue_->Wake();
}

void Node::ReopenIfDue() {
  if (!reopen_due_.exchange(false) || failed_) return;
  if (absl::Status status = stage_.Reopen(); !status.ok()) Fail(status);
}

void Node::Finish() {
  if (kind_ == StageKind::kSource) {
    if (thread_.joinable()) thread_.join();
  } else if (!stage_.started()) {
    return;
  } else if (queue_ != nullptr) {
    queue_->Close();
    // Without a thread the stage has received nothing, so there is nothing to wait for.
    if (thread_.joinable()) thread_.join();
  } else {
    Flush();
  }
}

void Node::Flush() {
  absl::MutexLock lock(&consume_mutex_);
  if (failed_ || aborted_) return;
  if (absl::Status status = stage_.Flush(); !status.ok()) Fail(status);
}

void Node::Abort() {
  aborted_ = true;
  if (!queue_made_) return;
  for (const BatchRef& batch : queue_->Abort()) DropInput(batch, kDrainTimeout);
}

void Node::InterruptWaiting() {
  if (kind_ != StageKind::kSource) stage_.Interrupt();
}

telemetry::Balance Node::BalanceAtEnd() const {
  telemetry::Balance balance = counters_.Snapshot();
  balance.DropRest(kDrainTimeout);
  return balance;
}

void Node::Stop() {
  if (!stage_.started()) return;
  if (absl::Status status = stage_.Stop(); !status.ok()) Fail(status);
  if (failed_) {
    counters_.DropHeld(kStageFailed);
    // Fail() may not have had the memory to count these.
    counters_.DropUnaccounted(kStageFailed);
  }
  if (aborted_) counters_.DropHeld(kDrainTimeout);
}

absl::Status Node::Emit(BatchRef batch) {
  counters_.AddEmitted(batch->size);
  if (kind_ == StageKind::kSource) {
    TrackDelivery(batch.get(), in_flight_);
  } else if (processed_ != nullptr) {
    InheritDelivery(batch.get(), processed_);
  }
  absl::Status result;
  stage_.SetInHost(true);
  for (const Edge& edge : outputs_) {
    if (absl::Status status = edge.consumer->Accept(edge.index, batch); !status.ok()) {
      result = status;
    }
  }
  stage_.SetInHost(false);
  return result;
}

absl::Status Node::WaitForDelivery() {
  if (in_flight_->WaitForDelivery()) return absl::OkStatus();
  return absl::CancelledError("records were dropped before delivery");
}

absl::Status Node::Accept(size_t edge, const BatchRef& batch) {
  if (queue_ == nullptr || pausable_) {
    absl::MutexLock lock(&consume_mutex_);
    Process(batch);
    return absl::OkStatus();
  }
  if (queue_->Push(edge, batch)) return absl::OkStatus();
  DropInput(batch, kDrainTimeout);
  return absl::CancelledError("the pipeline did not drain in time");
}

void Node::Process(const BatchRef& batch) {
  if (failed_) return DropInput(batch, kStageFailed);
  counters_.AddReceived(batch->size);
  processed_ = batch.get();
  absl::Status status;
  try {
    status = stage_.Process(batch);
  } catch (const std::bad_alloc&) {
    // A status without a text allocates nothing.
    status = absl::Status(absl::StatusCode::kResourceExhausted, "");
  }
  processed_ = nullptr;
  if (status.ok()) return;
  MarkLost(batch.get());
  Fail(status);
}

void Node::DropInput(const BatchRef& batch, std::string_view reason) {
  MarkLost(batch.get());
  counters_.DropInput(reason, batch->size);
}

void Node::RequestStop(std::string_view why) {
  events_->OnStopRequested(absl::StrCat(StageTitle(kind_, name_), ": ", why));
}

void Node::Fail(const absl::Status& status) {
  // After an abort a stage returns CANCELLED because it could not emit: no failure.
  if (aborted_ && absl::IsCancelled(status)) return counters_.DropUnaccounted(kDrainTimeout);
  failed_ = true;
  counters_.DropUnaccounted(kStageFailed);
  const bool no_text = status.message().empty() && absl::IsResourceExhausted(status);
  const std::string_view why = no_text ? kOutOfMemory : status.message();
  events_->OnStageFailed(
      absl::Status(status.code(), absl::StrCat(StageTitle(kind_, name_), ": ", why)));
}

}  // namespace weir::pipeline
