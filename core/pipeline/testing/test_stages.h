// SPDX-License-Identifier: Apache-2.0
// Stages made of functions, and how tests build and run a pipeline of them.
#ifndef WEIR_CORE_PIPELINE_TESTING_TEST_STAGES_H_
#define WEIR_CORE_PIPELINE_TESTING_TEST_STAGES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/stage.h"
#include "core/record/stage_kind.h"

namespace weir::pipeline {

inline constexpr absl::Duration kLong = absl::Seconds(60);  // longer than any step of a test

// Returns a batch of `rows` zeroed records.
BatchRef BatchOf(uint32_t rows);

// What the stages of a test write down, in order. Thread-safe.
class Journal {
 public:
  void Write(std::string line) {
    absl::MutexLock lock(&mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() const {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

// Emits `batches` batches of `rows` rows, without end for kForever, until it is interrupted
// or Emit fails.
class CountingSource : public Source {
 public:
  static constexpr int kForever = -1;

  CountingSource(StageHost* host, int batches, uint32_t rows)
      : host_(host), batches_(batches), rows_(rows) {}
  absl::Status Start() override { return absl::OkStatus(); }
  absl::Status Stop() override { return absl::OkStatus(); }
  absl::Status Run() override;
  void Interrupt() override { interrupted_ = true; }

 private:
  StageHost* const host_;
  const int batches_;
  const uint32_t rows_;
  std::atomic<bool> interrupted_{false};
};

// A pausable source, as one that reads a file.
class FileSource : public CountingSource {
 public:
  using CountingSource::CountingSource;
  bool Pausable() override { return true; }
  absl::Status Run() override {
    thread_ = std::this_thread::get_id();
    return CountingSource::Run();
  }
  // The thread of Run.
  std::thread::id thread() const { return thread_; }

 private:
  std::atomic<std::thread::id> thread_;
};

// Emits nothing, and runs until it is interrupted.
class SilentSource : public CountingSource {
 public:
  explicit SilentSource(StageHost* host) : CountingSource(host, 0, 0) {}
  absl::Status Run() override {
    end_.WaitForNotification();
    return absl::OkStatus();
  }
  void Interrupt() override { end_.Notify(); }

 private:
  absl::Notification end_;
};

// The functions of a TestConsumer. Those that are not set do nothing.
struct Behaviour {
  std::function<absl::Status()> prepare;
  std::function<absl::Status()> start;
  std::function<absl::Status(const BatchRef&)> process;
  std::function<absl::Status()> tick;
  std::function<absl::Status()> reopen;
  std::function<absl::Status()> flush;
  std::function<void()> interrupt;
  std::function<absl::Status()> stop;
  std::function<void()> destroy;
  uint64_t tick_interval_ns = 0;
};

Behaviour WithProcess(std::function<absl::Status(const BatchRef&)> process);
Behaviour WithTicks(uint64_t interval_ns, std::function<absl::Status()> tick);

// A consumer made of functions. After a Process that succeeded, a sink counts the batch as
// delivered and a transform emits it. Fails the test if two calls overlap.
class TestConsumer : public Consumer {
 public:
  TestConsumer(StageHost* host, Behaviour behaviour)
      : host_(host), behaviour_(std::move(behaviour)) {}

  ~TestConsumer() override {
    if (behaviour_.destroy) behaviour_.destroy();
  }

  // Reports one finding, with the name of the stage as its subject.
  absl::Status Diagnose(std::vector<Finding>* findings) override;
  absl::Status Prepare() override { return Call(behaviour_.prepare); }
  absl::Status Start() override { return Call(behaviour_.start); }
  absl::Status Stop() override { return Call(behaviour_.stop); }
  absl::Status Flush() override { return Call(behaviour_.flush); }
  void Interrupt() override {
    if (behaviour_.interrupt) behaviour_.interrupt();
  }
  absl::StatusOr<uint64_t> TickIntervalNs() override { return behaviour_.tick_interval_ns; }
  absl::Status Tick(uint64_t /*monotonic_now_ns*/) override { return Call(behaviour_.tick); }
  absl::Status Reopen() override;
  absl::Status Process(const BatchRef& batch) override;

 private:
  static absl::Status Call(const std::function<absl::Status()>& function) {
    return function ? function() : absl::OkStatus();
  }

  StageHost* const host_;
  const Behaviour behaviour_;
  std::atomic<bool> busy_{false};
};

StageSpec SourceSpec(std::string name, int batches, uint32_t rows);
// `*made` becomes the source when the pipeline is made.
StageSpec FileSourceSpec(std::string name, int batches, uint32_t rows, FileSource** made);
StageSpec SilentSourceSpec();
StageSpec ConsumerSpec(StageKind kind, std::string name, std::vector<size_t> inputs,
                       const Behaviour& behaviour = {}, size_t queue_batches = 4);

// Makes a pipeline with the system's clock; fails the test if that fails.
std::unique_ptr<Pipeline> Make(const std::vector<StageSpec>& specs);

// Starts the pipeline, waits until it ends by itself, and drains it.
absl::Status RunToTheEnd(Pipeline* pipeline, absl::Duration drain_timeout = kLong);

// Fails the test unless every stage has accounted for all its records, holds none, and
// every batch of the process is freed.
void ExpectBalanced(const Pipeline& pipeline);

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_TESTING_TEST_STAGES_H_
