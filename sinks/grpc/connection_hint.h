// SPDX-License-Identifier: Apache-2.0
// Says what a collector probably expects, when a connection to it fails.
#ifndef WEIR_SINKS_GRPC_CONNECTION_HINT_H_
#define WEIR_SINKS_GRPC_CONNECTION_HINT_H_

#include <optional>
#include <string>
#include <string_view>

#include "sinks/grpc/grpc_settings.h"

namespace weir::sinks {

// `message` is gRPC's error of a connection that could not be established. Returns a sentence that
// names the fields to change; empty if the message does not tell.
std::string ConnectionHint(std::string_view message, const std::optional<GrpcTlsFiles>& tls);

}  // namespace weir::sinks

#endif  // WEIR_SINKS_GRPC_CONNECTION_HINT_H_
