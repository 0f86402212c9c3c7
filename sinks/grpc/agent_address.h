// SPDX-License-Identifier: Apache-2.0
// The address that stands in records for the host that measured.
#ifndef WEIR_SINKS_GRPC_AGENT_ADDRESS_H_
#define WEIR_SINKS_GRPC_AGENT_ADDRESS_H_

#include <istream>
#include <optional>
#include <string>

#include "core/record/ip_addr.h"
#include "plugins/sdk/status.h"

namespace weir::sinks {

// The address that `text` is; or of the interface of that name; or, where it is empty, of the
// interface of the default route. Nobody is contacted. NOT_FOUND: an interface that was named
// is not there or has no address. None without an error: there is no default route, or its
// interface has no address.
sdk::Result<std::optional<IpAddr>> AgentAddress(const std::string& text);

// The interface of the default route with the lowest metric; "" without one. Tables are those
// of /proc/net/route and /proc/net/ipv6_route (kernel: net/ipv4/fib_trie.c, net/ipv6/route.c).
std::string DefaultRouteInterface(std::istream& ipv4, std::istream& ipv6);

}  // namespace weir::sinks

#endif  // WEIR_SINKS_GRPC_AGENT_ADDRESS_H_
