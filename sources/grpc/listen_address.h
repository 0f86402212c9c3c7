// SPDX-License-Identifier: Apache-2.0
// Finds out why a server cannot listen at an address: gRPC logs the reason, but does not return it.
#ifndef WEIR_SOURCES_GRPC_LISTEN_ADDRESS_H_
#define WEIR_SOURCES_GRPC_LISTEN_ADDRESS_H_

#include <string>

#include "plugins/sdk/status.h"

namespace weir::sources {

// Binds a TCP socket to `listen`, host:port, and closes it again; no connection is accepted. OK if
// one of the host's addresses can be bound, which is enough for gRPC. Otherwise the error says why,
// such as "Address already in use". Resolves a host name, which can take seconds.
sdk::Status CheckListen(const std::string& listen);

}  // namespace weir::sources

#endif  // WEIR_SOURCES_GRPC_LISTEN_ADDRESS_H_
