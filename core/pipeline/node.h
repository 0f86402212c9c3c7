// SPDX-License-Identifier: Apache-2.0
// One stage in its place in the graph: its edges, its queue and thread if it has
// one, its counters. Used by Pipeline only.
#ifndef WEIR_CORE_PIPELINE_NODE_H_
#define WEIR_CORE_PIPELINE_NODE_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/in_flight.h"
#include "core/pipeline/input_queue.h"
#include "core/pipeline/stage.h"
#include "core/telemetry/stage_counters.h"

namespace weir::pipeline {

// Where nodes tell what concerns the whole pipeline. Thread-safe.
class NodeEvents {
 public:
  virtual ~NodeEvents() = default;
  virtual void OnStopRequested(std::string_view why) = 0;
  virtual void OnStageFailed(const absl::Status& status) = 0;
  virtual void OnSourceFinished() = 0;
};

// The control thread makes, connects, starts, finishes and stops a node; Emit,
// RequestStop and counters are thread-safe; batches arrive on producers' threads.
class Node final : public StageHost {
 public:
  // `clock` and `events` must outlive the node.
  Node(StageKind kind, std::string name, size_t queue_batches, const Clock* clock,
       NodeEvents* events);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Makes the stage. Once, first.
  absl::Status Create(const StageFactory& factory);

  // Batches that this node emits go to `consumer` as well. Before MakeQueue of both.
  void ConnectTo(Node* consumer);

  // Makes the queue of a stage that wants one. Once, when all inputs have been connected and
  // have had this called.
  void MakeQueue();

  absl::Status Diagnose(std::vector<Finding>* findings) { return stage_->Diagnose(findings); }
  absl::Status Prepare() { return stage_->Prepare(); }
  // Starts the stage, and its thread if it consumes on one.
  absl::Status Start();
  // Sources: begins to run, or fails if there is no thread for it. After every stage of the
  // pipeline has started.
  void Run();
  // Lets a stage that has a thread of its own, or ticks, reopen, before its next batch or at once
  // if none is there. Thread-safe, from MakeQueue on; what comes before Start is kept.
  void RequestReopen();
  // Sources: asks Run to return.
  void Interrupt();
  // Waits until the stage has had all its input and flushed. All its producers must
  // have finished.
  void Finish();
  // Gives up what is queued, and lets nobody wait any more: neither for room, nor the stage
  // for what it hands on to. Thread-safe, after Start.
  void Abort();
  // Counts what the stage has taken and not accounted for as dropped. For the end of a process
  // whose stage does not return; what the stage does after that is in no counter. Any thread.
  void CountUnfinished();
  void Stop();

  const std::string& name() const override { return name_; }
  StageKind kind() const override { return kind_; }
  absl::Status Emit(BatchRef batch) override;
  absl::Status WaitForDelivery() override;
  void RequestStop(std::string_view why) override;
  telemetry::StageCounters& counters() override { return counters_; }
  const telemetry::StageCounters& counters() const { return counters_; }

 private:
  struct Edge {
    Node* consumer;
    size_t index;  // which of the consumer's inputs this is
  };

  Source* source() const { return static_cast<Source*>(stage_.get()); }
  Consumer* consumer() const { return static_cast<Consumer*>(stage_.get()); }
  // A sink, or a transform with ticks, has a queue and a thread for it.
  bool has_own_thread() const { return kind_ == StageKind::kSink || tick_interval_ns_ > 0; }
  bool ComputePausable() const;

  // RESOURCE_EXHAUSTED if no thread can be made.
  absl::Status StartThread(void (Node::*body)());
  void RunSource();
  void RunConsumer();
  absl::Status Accept(size_t edge, const BatchRef& batch);
  void Process(const BatchRef& batch);
  void TickIfDue(uint64_t* next_tick_ns);
  void ReopenIfDue();
  void Flush();
  void Fail(const absl::Status& status);
  void DropInput(const BatchRef& batch, std::string_view reason);

  const StageKind kind_;
  const std::string name_;
  const size_t queue_batches_;
  const Clock* const clock_;
  NodeEvents* const events_;
  telemetry::StageCounters counters_;
  // Of a source; batches may outlive it.
  const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();

  // Set before any thread runs.
  std::unique_ptr<Stage> stage_;
  uint64_t tick_interval_ns_ = 0;
  std::vector<const Node*> inputs_;
  std::vector<Edge> outputs_;
  // Whether all that it gets comes from sources that may be held up, on their threads.
  bool pausable_ = false;
  // Of a transform whose input waits it is never filled, and its thread only ticks.
  std::unique_ptr<InputQueue> queue_;

  std::thread thread_;
  bool started_ = false;  // control thread only
  std::atomic<bool> reopen_due_{false};
  std::atomic<bool> failed_{false};
  std::atomic<bool> aborted_{false};
  // Held while the stage consumes: producers on several threads take turns.
  absl::Mutex consume_mutex_;
  // During the stage's Process: what it was called with. The thread's that called.
  const weir_batch* processed_ = nullptr;
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_NODE_H_
