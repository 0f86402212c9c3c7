// SPDX-License-Identifier: Apache-2.0
// The plugin that plugin.cc opens.
#include "plugins/sdk/plugin.h"

#include "sources/grpc/grpc.descriptors.h"
#include "sources/grpc/grpc.pb.h"
#include "sources/grpc/grpc_source.h"

WEIR_PLUGIN("weir_source_grpc", "0.1.0",
            (weir::sdk::Define<weir::sources::GrpcSource, weir::sources::Grpc>(
                "grpc", "Takes records by gRPC, as a collector.", "weir.sources.Grpc",
                weir::kSourcesGrpcGrpcDescriptors, weir::kSourcesGrpcGrpcDescriptorsSize)));
