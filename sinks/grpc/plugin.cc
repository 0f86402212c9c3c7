// SPDX-License-Identifier: Apache-2.0
// The plugin that weir loads. The code is in system/weir_sink_grpc_system.so.
#include "plugins/sdk/plugin.h"

#include "plugins/sdk/deferred.h"
#include "sinks/grpc/grpc.descriptors.h"

namespace {

struct SystemPlugin {
  static constexpr char kFile[] = "system/weir_sink_grpc_system.so";
  static constexpr char kHint[] =
      " (the sink grpc needs the system's gRPC: Debian's package libgrpc++1.51, and a weir "
      "that was built where libgrpc++-dev was)";
};

}  // namespace

WEIR_PLUGIN("weir_sink_grpc", "0.1.0",
            (weir::sdk::Defer<SystemPlugin, WEIR_SINK>(
                "grpc", "Sends records by gRPC to a collector.", "weir.sinks.Grpc",
                weir::kSinksGrpcGrpcDescriptors, weir::kSinksGrpcGrpcDescriptorsSize)));
