/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bpf/packet_filter.h"

#include <string.h>

#include "bpf/filter_match.h"
#include "bpf/packet.h"

weir_u32 weir_first_fitting_rule(const struct weir_parsed_packet* parsed,
                                 const struct flow_filter_rule_t* rules, weir_u32 count) {
  struct packet packet = {
      .direction = parsed->id.direction,
      .eth_protocol = parsed->id.eth_protocol,
      .src_port = parsed->id.src_port,
      .dst_port = parsed->id.dst_port,
      .transport_protocol = parsed->id.transport_protocol,
      .flags = parsed->details.flags,
      .tcp_flags = parsed->details.tcp_flags & WEIR_TCP_FLAGS,
      .icmp_type = parsed->details.icmp_type,
      .icmp_code = parsed->details.icmp_code,
  };
  memcpy(packet.src_ip, parsed->id.src_ip, sizeof(packet.src_ip));
  memcpy(packet.dst_ip, parsed->id.dst_ip, sizeof(packet.dst_ip));
  return first_fitting_rule(&packet, rules, count);
}
