// SPDX-License-Identifier: Apache-2.0
#include "sinks/grpc/grpc_sink.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/record/ip_addr.h"
#include "core/record/other_interfaces.h"
#include "plugins/sdk/diagnosis.h"
#include "sinks/grpc/agent_address.h"
#include "sinks/grpc/library_log.h"

namespace weir::sinks {
namespace {

constexpr char kNoAgentIp[] =
    "there is no default route, so records do not say which machine measured: set agent_ip to an "
    "address or an interface";

sdk::Finding AgentIpFinding(sdk::Result<std::optional<IpAddr>> agent_ip) {
  if (!agent_ip.ok()) return sdk::FindingOf(agent_ip.status(), "agent_ip", "");
  if (!agent_ip->has_value()) return {WEIR_FINDING_DEGRADED, "agent_ip", kNoAgentIp};
  return {WEIR_FINDING_OK, "agent_ip", (*agent_ip)->String()};
}

}  // namespace

sdk::Result<std::unique_ptr<GrpcSink>> GrpcSink::Create(const Grpc& config, sdk::Stage stage) {
  sdk::Result<GrpcSettings> settings = GrpcSettings::Of(config);
  if (!settings.ok()) return settings.status();
  SilenceLibraryLog();
  return std::unique_ptr<GrpcSink>(new GrpcSink(*std::move(settings), std::move(stage)));
}

GrpcSink::GrpcSink(GrpcSettings settings, sdk::Stage stage)
    : settings_(std::move(settings)), stage_(std::move(stage)), link_(settings_, stage_) {}

sdk::Status GrpcSink::Diagnose(const sdk::Findings& findings) {
  findings.Add(AgentIpFinding(AgentAddress(settings_.agent_ip)));
  if (settings_.tls.has_value()) {
    findings.Add(
        sdk::FindingOf(link_.ReadCredentials(), "tls", "the certificates and keys can be read"));
  }
  return sdk::OkStatus();
}

sdk::Status GrpcSink::Start() {
  sdk::Result<std::optional<IpAddr>> agent_ip = AgentAddress(settings_.agent_ip);
  if (!agent_ip.ok()) return agent_ip.status();
  ProtobufOptions options;
  options.framing = ProtobufOptions::Framing::kEntry;
  options.agent_ip = *agent_ip;
  options.agent_tcp_flags = settings_.agent_tcp_flags;
  if (!options.agent_ip.has_value()) {
    stage_.Log(WEIR_LOG_WARNING, kNoAgentIp);
  }
  encoder_ = std::make_unique<ProtobufEncoder>(options);
  return link_.Start();
}

sdk::Status GrpcSink::Stop() {
  link_.Stop();
  return sdk::OkStatus();
}

sdk::Status GrpcSink::Process(const BatchView& batch) {
  link_.Hold(batch.size());
  for (uint32_t i = 0; i < batch.size(); ++i) {
    if (pending_.size() - pending_bytes_ < ProtobufEncoder::kMaxRecordBytes) {
      pending_.resize(std::max(2 * pending_.size(), 64 * ProtobufEncoder::kMaxRecordBytes));
    }
    char* const begin = pending_.data();
    char* const end =
        encoder_->Write(batch[i], OtherInterfaces(*batch.raw(), i), begin + pending_bytes_);
    pending_bytes_ = static_cast<size_t>(end - begin);
    if (++pending_records_ < link_.max_records()) continue;
    if (sdk::Status status = SendPending(); !status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status GrpcSink::SendPending() {
  if (pending_records_ == 0) return sdk::OkStatus();
  sdk::Status status =
      link_.Send(std::string_view(pending_.data(), pending_bytes_), pending_records_);
  if (!status.ok()) return status;
  pending_bytes_ = 0;
  pending_records_ = 0;
  return sdk::OkStatus();
}

uint64_t GrpcSink::TickIntervalNs() const {
  return static_cast<uint64_t>(settings_.flush_interval.count());
}

// Sends the records of the past interval, so that none waits longer than one interval. A failed
// link has room, in order to report its error.
sdk::Status GrpcSink::Tick(uint64_t /*monotonic_now_ns*/) {
  return link_.HasRoom() ? SendPending() : sdk::OkStatus();
}

sdk::Status GrpcSink::Flush() {
  if (sdk::Status status = SendPending(); !status.ok()) return status;
  return link_.Drain();
}

}  // namespace weir::sinks
