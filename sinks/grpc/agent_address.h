// SPDX-License-Identifier: Apache-2.0
// Finds the address of the measuring machine for the records.
#ifndef WEIR_SINKS_GRPC_AGENT_ADDRESS_H_
#define WEIR_SINKS_GRPC_AGENT_ADDRESS_H_

#include <istream>
#include <optional>
#include <string>

#include "core/record/ip_addr.h"
#include "plugins/sdk/status.h"

namespace weir::sinks {

// Checks only the form of `text`: empty, an IP address, or a name that an interface can have.
// INVALID_ARGUMENT for other texts.
sdk::Status CheckAgentIp(const std::string& text);

// Returns the address in `text`, or of the interface with that name, or, if `text` is empty, of the
// interface of the default route. Sends nothing. NOT_FOUND: the named interface does not exist or
// has no address. None: there is no default route, or its interface has no address.
sdk::Result<std::optional<IpAddr>> AgentAddress(const std::string& text);

// Returns the interface of the default route with the lowest metric, or "" if there is none. The
// tables are /proc/net/route and /proc/net/ipv6_route (kernel: net/ipv4/fib_trie.c,
// net/ipv6/route.c).
std::string DefaultRouteInterface(std::istream& ipv4, std::istream& ipv6);

}  // namespace weir::sinks

#endif  // WEIR_SINKS_GRPC_AGENT_ADDRESS_H_
