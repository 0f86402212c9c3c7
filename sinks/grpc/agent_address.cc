// SPDX-License-Identifier: Apache-2.0
#include "sinks/grpc/agent_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/escaping.h"
#include "plugins/sdk/errno_status.h"

namespace weir::sinks {
namespace {

std::optional<IpAddr> ParseAddress(const std::string& text) {
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return IpAddr::FromV4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IpAddr::FromBytes(v6.s6_addr);
  return std::nullopt;
}

// How well an address identifies a machine; 0: not at all.
int Rank(const sockaddr& address) {
  if (address.sa_family == AF_INET) return 3;
  if (address.sa_family != AF_INET6) return 0;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  return IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) ? 1 : 2;
}

IpAddr ToIpAddr(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    return IpAddr::FromV4(ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr));
  }
  return IpAddr::FromBytes(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr.s6_addr);
}

sdk::Result<std::optional<IpAddr>> AddressOf(const std::string& interface) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return sdk::ErrnoStatus("list the addresses of this machine", errno);
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  std::optional<IpAddr> best;
  int best_rank = 0;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || interface != entry->ifa_name) continue;
    const int rank = Rank(*entry->ifa_addr);
    if (rank <= best_rank) continue;
    best_rank = rank;
    best = ToIpAddr(*entry->ifa_addr);
  }
  return best;
}

}  // namespace

std::string DefaultRouteInterface(std::istream& ipv4, std::istream& ipv6) {
  std::string best;
  uint64_t best_metric = UINT64_MAX;
  std::string line;
  while (std::getline(ipv4, line)) {
    std::istringstream fields(line);
    std::string interface, destination, gateway, flags, references, use, mask;
    uint64_t metric = 0;
    if (!(fields >> interface >> destination >> gateway >> flags >> references >> use >> metric >>
          mask)) {
      continue;  // the line of headings
    }
    if (destination != "00000000" || mask != "00000000" || metric >= best_metric) continue;
    best_metric = metric;
    best = interface;
  }
  if (!best.empty()) return best;
  while (std::getline(ipv6, line)) {
    std::istringstream fields(line);
    std::string destination, length, source, source_length, next, references, use, interface;
    uint64_t metric = 0;
    uint64_t flags = 0;
    if (!(fields >> destination >> length >> source >> source_length >> next >> std::hex >>
          metric >> references >> use >> flags >> interface)) {
      continue;
    }
    // RTF_REJECT: the kernel's own entry for unreachable destinations.
    constexpr uint64_t kReject = 0x0200;
    const bool is_default = destination == std::string(32, '0') && length == "00";
    if (!is_default || (flags & kReject) != 0 || metric >= best_metric) continue;
    best_metric = metric;
    best = interface;
  }
  return best;
}

sdk::Status CheckAgentIp(const std::string& text) {
  const bool is_name = text.size() < IFNAMSIZ && text != "." && text != ".." &&
                       std::all_of(text.begin(), text.end(), [](unsigned char c) {
                         return c > ' ' && c != 0x7F && c != '/' && c != ':';
                       });
  if (is_name || ParseAddress(text).has_value()) return sdk::OkStatus();
  return {WEIR_INVALID_ARGUMENT, "agent_ip: '" + absl::Utf8SafeCHexEscape(text) +
                                     "' is neither an IP address nor the name of an interface"};
}

sdk::Result<std::optional<IpAddr>> AgentAddress(const std::string& text) {
  if (const std::optional<IpAddr> address = ParseAddress(text); address.has_value()) return address;
  if (!text.empty()) {
    if (if_nametoindex(text.c_str()) == 0) {
      return sdk::Status(WEIR_NOT_FOUND, "agent_ip: '" + text +
                                             "' is neither an IP address nor an interface of this "
                                             "network namespace");
    }
    sdk::Result<std::optional<IpAddr>> address = AddressOf(text);
    if (!address.ok() || address->has_value()) return address;
    return sdk::Status(WEIR_NOT_FOUND, "agent_ip: the interface '" + text + "' has no IP address");
  }
  // The second file does not exist if IPv6 is off.
  std::ifstream ipv4("/proc/net/route");
  std::ifstream ipv6("/proc/net/ipv6_route");
  const std::string interface = DefaultRouteInterface(ipv4, ipv6);
  if (interface.empty()) return std::optional<IpAddr>();
  return AddressOf(interface);
}

}  // namespace weir::sinks
