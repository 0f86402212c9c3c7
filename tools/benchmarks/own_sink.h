// SPDX-License-Identifier: Apache-2.0
// The benchmark's own sink: what it costs is known.
#ifndef WEIR_TOOLS_BENCHMARKS_OWN_SINK_H_
#define WEIR_TOOLS_BENCHMARKS_OWN_SINK_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/pipeline/stage.h"

namespace weir::benchmarks {

// What it does with a batch, on its thread.
using BatchUse = std::function<void(const weir_batch* batch)>;

class OwnSink final : public pipeline::Consumer {
 public:
  // `use` may be empty: then it does nothing.
  OwnSink(pipeline::StageHost* host, BatchUse use) : host_(host), use_(std::move(use)) {}
  absl::Status Start() override { return absl::OkStatus(); }
  absl::Status Stop() override { return absl::OkStatus(); }
  absl::Status Process(const pipeline::BatchRef& batch) override {
    if (use_) use_(batch.get());
    host_->counters().AddEmitted(batch->size);
    return absl::OkStatus();
  }
  absl::StatusOr<uint64_t> TickIntervalNs() override { return 0; }
  absl::Status Tick(uint64_t /*monotonic_now_ns*/) override { return absl::OkStatus(); }
  absl::Status Flush() override { return absl::OkStatus(); }

 private:
  pipeline::StageHost* const host_;
  const BatchUse use_;
};

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_OWN_SINK_H_
