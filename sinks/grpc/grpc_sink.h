// SPDX-License-Identifier: Apache-2.0
// The sink `grpc`: sends records in messages to a collector.
#ifndef WEIR_SINKS_GRPC_GRPC_SINK_H_
#define WEIR_SINKS_GRPC_GRPC_SINK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/record/batch.h"
#include "core/record/protobuf.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "sinks/grpc/collector_link.h"
#include "sinks/grpc/grpc.pb.h"
#include "sinks/grpc/grpc_settings.h"

namespace weir::sinks {

// Encodes records into a message until it is full or flush_interval has passed, and then gives it
// to the link. A record is delivered once the collector has answered; collector_link.h describes
// the other outcomes. Memory: at most max_in_flight messages and one more.
//
// Called by one thread at a time, as the host does, except for Interrupt.
class GrpcSink : public sdk::Sink {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<GrpcSink>> Create(const Grpc& config, sdk::Stage stage);

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Start() override;
  sdk::Status Stop() override;
  sdk::Status Process(const BatchView& batch) override;
  uint64_t TickIntervalNs() const override;
  sdk::Status Tick(uint64_t monotonic_now_ns) override;
  sdk::Status Flush() override;
  void Interrupt() override { link_.Interrupt(); }

 private:
  GrpcSink(GrpcSettings settings, sdk::Stage stage);

  sdk::Status SendPending();

  const GrpcSettings settings_;
  const sdk::Stage stage_;
  CollectorLink link_;
  std::unique_ptr<ProtobufEncoder> encoder_;
  std::vector<char> pending_;  // grows to the size of the largest message
  size_t pending_bytes_ = 0;
  uint32_t pending_records_ = 0;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_GRPC_GRPC_SINK_H_
