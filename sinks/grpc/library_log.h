// SPDX-License-Identifier: Apache-2.0
// The log of the gRPC library: weir reports a failed connection in one sentence of its own.
#ifndef WEIR_SINKS_GRPC_LIBRARY_LOG_H_
#define WEIR_SINKS_GRPC_LIBRARY_LOG_H_

namespace weir::sinks {

// Keeps gRPC from writing to stderr, unless the variable GRPC_VERBOSITY is set. Call it when a
// stage is created: the source `grpc` sets a function of its own when it starts. Any thread.
void SilenceLibraryLog();

}  // namespace weir::sinks

#endif  // WEIR_SINKS_GRPC_LIBRARY_LOG_H_
