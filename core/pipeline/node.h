// SPDX-License-Identifier: Apache-2.0
// A node of the pipeline graph: one stage with its edges, its counters and, if it has
// them, its queue and thread. Used by Pipeline only.
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
#include "core/pipeline/watched_stage.h"
#include "core/telemetry/stage_counters.h"

namespace weir::pipeline {

// Receives the events of nodes that concern the whole pipeline. Thread-safe.
class NodeEvents {
 public:
  virtual ~NodeEvents() = default;
  virtual void OnStopRequested(std::string_view why) = 0;
  virtual void OnStageFailed(const absl::Status& status) = 0;
  virtual void OnSourceFinished() = 0;
};

// The control thread creates, connects, starts, finishes and stops a node. Batches arrive
// on the producers' threads. RequestStop and counters are thread-safe.
class Node final : public StageHost {
 public:
  // `clock` and `events` must outlive the node.
  Node(StageKind kind, std::string name, size_t queue_batches, const Clock* clock,
       NodeEvents* events);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Makes the stage. Called first, once.
  absl::Status Create(const StageFactory& factory);

  // Adds an edge from this node to `consumer`. Must precede MakeQueue of both.
  void ConnectTo(Node* consumer);

  // Makes the queue, if the stage needs one. Called once, after all inputs are connected
  // and after their MakeQueue.
  void MakeQueue();

  absl::Status Diagnose(std::vector<Finding>* findings) { return stage_.Diagnose(findings); }
  absl::Status Prepare() { return stage_.Prepare(); }
  // Starts the stage and, if it consumes on a thread of its own, that thread.
  absl::Status Start();
  // For a source: runs it on a new thread. If no thread can be made, the stage fails.
  // Called after every stage of the pipeline has started.
  void Run();
  // Makes a stage that has a queue reopen: before its next batch, or at once if no batch
  // waits. Thread-safe. A request before MakeQueue has no effect, because the stage has opened
  // nothing; one before Start takes effect after it.
  void RequestReopen();
  // For a source: asks its Run to return.
  void Interrupt();
  // Waits until the stage has consumed all its input and flushed. All its producers must
  // have finished.
  void Finish();
  // Drops the queued batches, now and later, and ends the waiting of producers for room in the
  // queue. Calls no function of the stage. Thread-safe, from Create on.
  void Abort();
  // After Abort, for a consumer: ends the waiting of the stage for its peer, if it has started.
  // Thread-safe, from Create on.
  void InterruptWaiting();
  void Stop();
  // Frees the stage.
  void Destroy() { stage_.Destroy(); }

  // Returns the balance as it is if the process ends now: the records that the stage holds or
  // has not accounted for are dropped. Any thread.
  telemetry::Balance BalanceAtEnd() const;
  // Returns the names of the functions of the stage that run now. Any thread.
  std::vector<std::string_view> RunningCalls() const { return stage_.RunningCalls(); }

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
    size_t index;  // of this edge among the consumer's inputs
  };

  // True for a sink and for a transform with ticks: they have a queue and a thread.
  bool has_own_thread() const { return kind_ == StageKind::kSink || tick_interval_ns_ > 0; }
  bool ComputePausable();

  // Returns RESOURCE_EXHAUSTED if no thread can be made.
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
  // The undelivered batches of a source. Shared, because batches may outlive the node.
  const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();

  // Set before any thread runs.
  WatchedStage stage_;
  uint64_t tick_interval_ns_ = 0;
  std::vector<const Node*> inputs_;
  std::vector<Edge> outputs_;
  // True if every upstream source is pausable; a transform then runs on the source's thread.
  bool pausable_ = false;
  // Null if the stage has no own thread. Stays empty for a pausable transform, whose thread
  // then only ticks and reopens.
  std::unique_ptr<InputQueue> queue_;
  std::atomic<bool> queue_made_{false};  // other threads use queue_ only if it is set

  std::thread thread_;
  std::atomic<bool> reopen_due_{false};
  std::atomic<bool> failed_{false};
  std::atomic<bool> aborted_{false};
  // Held during every call that consumes, so that producers on several threads take turns.
  absl::Mutex consume_mutex_;
  // The batch of the Process call that runs now, else null. Belongs to the calling thread.
  const weir_batch* processed_ = nullptr;
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_NODE_H_
