// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The tunnel settings that several sources have in their configurations.
#ifndef WEIR_BPF_TUNNEL_SETTINGS_H_
#define WEIR_BPF_TUNNEL_SETTINGS_H_

#include <cstdint>

#include "bpf/flow.h"

namespace weir::ebpf {

// Reads the fields `vxlan`, `vxlan_port`, `gre`, `ip_in_ip`, `geneve` and `geneve_port` of a
// configuration whose enum has a value INNER. Returns null, or an error that begins with the name
// of a field.
template <typename Config>
const char* TunnelsOf(const Config& config, weir_tunnels* tunnels) {
  const auto is_port = [](uint32_t port) { return port >= 1 && port <= 65535; };
  *tunnels = {};
  if (config.vxlan() == Config::INNER) {
    if (!is_port(config.vxlan_port())) return "vxlan_port: must be 1 to 65535";
    tunnels->vxlan_port = static_cast<uint16_t>(config.vxlan_port());
  }
  if (config.geneve() == Config::INNER) {
    if (!is_port(config.geneve_port())) return "geneve_port: must be 1 to 65535";
    tunnels->geneve_port = static_cast<uint16_t>(config.geneve_port());
    if (tunnels->geneve_port == tunnels->vxlan_port) {
      return "geneve_port: equals vxlan_port: give each tunnel its own port";
    }
  }
  tunnels->gre = config.gre() == Config::INNER ? 1 : 0;
  tunnels->ip_in_ip = config.ip_in_ip() == Config::INNER ? 1 : 0;
  return nullptr;
}

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TUNNEL_SETTINGS_H_
