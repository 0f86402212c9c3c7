// SPDX-License-Identifier: Apache-2.0
// The host of a component under test. It accepts emitted batches, and notes violations of
// the interface that a pipeline would not notice.
#ifndef WEIR_CORE_CONFORMANCE_TEST_HOST_H_
#define WEIR_CORE_CONFORMANCE_TEST_HOST_H_

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/host_status.h"
#include "core/pipeline/stage.h"
#include "core/record/stage_kind.h"
#include "core/telemetry/stage_counters.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/thread.h"

namespace weir::conformance {

// Thread-safe.
class TestHost final : public pipeline::StageHost {
 public:
  TestHost(StageKind kind, std::string name) : kind_(kind), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  StageKind kind() const override { return kind_; }
  absl::Status Emit(pipeline::BatchRef batch) override;
  // Emit releases the batch before it returns, so nothing is in flight.
  absl::Status WaitForDelivery() override { return absl::OkStatus(); }
  void RequestStop(std::string_view /*why*/) override {}
  telemetry::StageCounters& counters() override { return counters_; }
  void OnMisuse(std::string_view what) override;

  // Runs `call` on a new thread, from which the component may emit, and waits for it.
  template <typename Call>
  absl::Status OnOwnThread(Call call) {
    absl::Status status;
    std::thread thread;
    const sdk::Status started = sdk::StartThread(&thread, "", [&] {
      caller_ = std::this_thread::get_id();
      status = call();
      caller_ = std::thread::id();
    });
    if (!started.ok()) return pipeline::HostStatus(started);
    thread.join();
    return status;
  }

  bool has_emitted() const { return emitted_; }

  // Returns the first violation of the interface since the last call; empty if none.
  std::string TakeMisuse();

 private:
  const StageKind kind_;
  const std::string name_;
  telemetry::StageCounters counters_;
  std::atomic<std::thread::id> caller_{};  // the thread of run, process, tick or flush
  std::atomic<bool> emitted_{false};
  absl::Mutex mutex_;
  std::string misuse_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_TEST_HOST_H_
