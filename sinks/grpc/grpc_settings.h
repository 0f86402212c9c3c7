// SPDX-License-Identifier: Apache-2.0
// The configuration of the sink `grpc`, converted to numbers, with defaults filled in.
#ifndef WEIR_SINKS_GRPC_GRPC_SETTINGS_H_
#define WEIR_SINKS_GRPC_GRPC_SETTINGS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"
#include "sinks/grpc/grpc.pb.h"

namespace weir::sinks {

struct GrpcTlsFiles {
  std::string ca_file;  // empty: the machine's certificate authorities
  std::string cert_file;
  std::string key_file;
  std::string server_name;
};

struct GrpcSettings {
  std::vector<std::string> targets;
  uint32_t message_max_flows = 10'000;
  uint32_t max_in_flight = 8;
  std::chrono::nanoseconds flush_interval{};
  std::chrono::nanoseconds timeout{};
  std::chrono::nanoseconds keepalive{};
  std::chrono::nanoseconds max_backoff{};
  std::chrono::nanoseconds reconnect_interval{};     // 0: never
  std::optional<std::chrono::nanoseconds> max_wait;  // none: no limit
  bool gzip = false;
  bool agent_tcp_flags = true;
  std::optional<GrpcTlsFiles> tls;
  std::string agent_ip;  // empty: the default route's interface

  // INVALID_ARGUMENT names the field.
  static sdk::Result<GrpcSettings> Of(const Grpc& config);
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_GRPC_GRPC_SETTINGS_H_
