// SPDX-License-Identifier: Apache-2.0
#include "sinks/grpc/grpc_settings.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "plugins/sdk/duration_option.h"
#include "sinks/grpc/agent_address.h"

namespace weir::sinks {
namespace {

sdk::Status SetDuration(const char* field, const std::string& text,
                        std::chrono::nanoseconds* duration) {
  sdk::Result<std::chrono::nanoseconds> parsed = sdk::DurationOption(field, text);
  if (parsed.ok()) *duration = *parsed;
  return parsed.status();
}

sdk::Status SetDurations(const Grpc& config, GrpcSettings* settings) {
  const auto or_default = [](bool has, const std::string& text, const char* otherwise) {
    return has ? text : std::string(otherwise);
  };
  const struct {
    const char* field;
    std::string text;
    std::chrono::nanoseconds* to;
  } durations[] = {
      {"flush_interval", or_default(config.has_flush_interval(), config.flush_interval(), "1s"),
       &settings->flush_interval},
      {"timeout", or_default(config.has_timeout(), config.timeout(), "30s"), &settings->timeout},
      {"keepalive", or_default(config.has_keepalive(), config.keepalive(), "5m"),
       &settings->keepalive},
      {"max_backoff", or_default(config.has_max_backoff(), config.max_backoff(), "10s"),
       &settings->max_backoff},
  };
  for (const auto& duration : durations) {
    sdk::Status status = SetDuration(duration.field, duration.text, duration.to);
    if (!status.ok()) return status;
  }
  if (config.has_max_wait()) {
    sdk::Status status = SetDuration("max_wait", config.max_wait(), &settings->max_wait.emplace());
    if (!status.ok()) return status;
  }
  if (!config.has_reconnect_interval()) return sdk::OkStatus();
  return SetDuration("reconnect_interval", config.reconnect_interval(),
                     &settings->reconnect_interval);
}

sdk::Status CheckTarget(const std::string& target) {
  uint32_t port = 0;
  const size_t colon = target.rfind(':');
  if (colon == std::string::npos || !absl::SimpleAtoi(target.substr(colon + 1), &port) ||
      port == 0 || port > 65535) {
    return {WEIR_INVALID_ARGUMENT,
            absl::StrCat("target: '", target, "' has no port from 1 to 65535 behind a colon")};
  }
  return sdk::OkStatus();
}

}  // namespace

sdk::Result<GrpcSettings> GrpcSettings::Of(const Grpc& config) {
  GrpcSettings settings;
  if (config.target().empty()) return sdk::Status(WEIR_INVALID_ARGUMENT, "target: is required");
  for (const std::string& target : config.target()) {
    if (sdk::Status status = CheckTarget(target); !status.ok()) return status;
    settings.targets.push_back(target);
  }
  if (config.has_message_max_flows()) settings.message_max_flows = config.message_max_flows();
  if (config.has_max_in_flight()) settings.max_in_flight = config.max_in_flight();
  if (sdk::Status status = SetDurations(config, &settings); !status.ok()) return status;
  settings.gzip = config.compression() == Grpc::GZIP;
  settings.agent_tcp_flags = config.tcp_flags() != Grpc::IPFIX;
  if (config.has_tls()) {
    const GrpcTls& tls = config.tls();
    if (tls.cert_file().empty() != tls.key_file().empty()) {
      return sdk::Status(WEIR_INVALID_ARGUMENT, "tls: cert_file and key_file: both or neither");
    }
    settings.tls = {tls.ca_file(), tls.cert_file(), tls.key_file(), tls.server_name()};
  }
  if (sdk::Status status = CheckAgentIp(config.agent_ip()); !status.ok()) return status;
  settings.agent_ip = config.agent_ip();
  return settings;
}

}  // namespace weir::sinks
