// SPDX-License-Identifier: Apache-2.0
// The plugin that plugin.cc opens.
#include "plugins/sdk/plugin.h"

#include "sinks/grpc/grpc.descriptors.h"
#include "sinks/grpc/grpc.pb.h"
#include "sinks/grpc/grpc_sink.h"

WEIR_PLUGIN("weir_sink_grpc", "0.1.0",
            (weir::sdk::Define<weir::sinks::GrpcSink, weir::sinks::Grpc>(
                "grpc", "Sends records by gRPC to a collector.", "weir.sinks.Grpc",
                weir::kSinksGrpcGrpcDescriptors, weir::kSinksGrpcGrpcDescriptorsSize)));
