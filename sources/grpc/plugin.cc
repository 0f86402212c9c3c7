// SPDX-License-Identifier: Apache-2.0
// The plugin that weir loads. The code is in system/weir_source_grpc_system.so.
#include "plugins/sdk/plugin.h"

#include "plugins/sdk/deferred.h"
#include "sources/grpc/grpc.descriptors.h"

namespace {

struct SystemPlugin {
  static constexpr char kFile[] = "system/weir_source_grpc_system.so";
  static constexpr char kHint[] =
      " (the source grpc needs the system's gRPC: Debian's package libgrpc++1.51, and a weir "
      "that was built where libgrpc++-dev was)";
};

}  // namespace

WEIR_PLUGIN("weir_source_grpc", "0.1.0",
            (weir::sdk::Defer<SystemPlugin, WEIR_SOURCE>(
                "grpc", "Takes records by gRPC, as a collector.", "weir.sources.Grpc",
                weir::kSourcesGrpcGrpcDescriptors, weir::kSourcesGrpcGrpcDescriptorsSize)));
