// SPDX-License-Identifier: Apache-2.0
// Converts a record to the message of protobuf's generated code, field by field. Tests compare the
// bytes of the encoder with it, benchmarks its speed.
#ifndef WEIR_CORE_RECORD_TESTING_GENERATED_PROTOBUF_H_
#define WEIR_CORE_RECORD_TESTING_GENERATED_PROTOBUF_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/record/other_interfaces.h"
#include "core/record/pbflow.pb.h"
#include "core/record/record.h"
#include "core/record/testing/plain_text.h"

namespace weir::testing {

inline std::string PlainUtf8(const std::string& text) {
  std::string utf8;
  for (const std::string& character : PlainCharacters(text)) utf8 += character;
  return utf8;
}

inline uint64_t PlainMacNumber(const uint8_t* mac) {
  uint64_t number = 0;
  for (int i = 0; i < 6; ++i) number = number << 8 | mac[i];
  return number;
}

inline void SetIp(const IpAddr& address, pbflow::IP* ip) {
  if (address.IsV4()) {
    ip->set_ipv4(address.IntEncodeV4());
  } else {
    ip->set_ipv6(address.bytes.data(), address.bytes.size());
  }
}

template <typename Timestamp>
void SetTime(int64_t wall_time_ns, Timestamp* time) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t nanoseconds = (wall_time_ns % kSecond + kSecond) % kSecond;
  time->set_seconds(wall_time_ns / kSecond - (wall_time_ns % kSecond < 0 ? 1 : 0));
  time->set_nanos(static_cast<int32_t>(nanoseconds));
}

// `message` is empty.
inline void SetMessage(const Record& record, pbflow::Record* message,
                       const weir_other_interfaces* others = nullptr) {
  const auto has = [&](uint64_t bit) { return (record.present & bit) != 0; };
  const auto direction = static_cast<pbflow::Direction>(record.direction);
  message->set_eth_protocol(record.eth_protocol);
  message->set_direction(direction);
  SetTime(record.start_wall_time_ns, message->mutable_time_flow_start());
  SetTime(record.end_wall_time_ns, message->mutable_time_flow_end());
  message->mutable_data_link()->set_src_mac(PlainMacNumber(record.src_mac));
  message->mutable_data_link()->set_dst_mac(PlainMacNumber(record.dst_mac));
  pbflow::Network* const network = message->mutable_network();
  if (SrcAddr(record) != IpAddr{} || DstAddr(record) != IpAddr{}) {
    SetIp(SrcAddr(record), network->mutable_src_addr());
    SetIp(DstAddr(record), network->mutable_dst_addr());
  }
  if (has(WEIR_HAS_DSCP)) network->set_dscp(record.dscp);
  pbflow::Transport* const transport = message->mutable_transport();
  transport->set_src_port(record.src_port);
  transport->set_dst_port(record.dst_port);
  transport->set_protocol(record.transport_protocol);
  message->set_bytes(record.bytes);
  message->set_packets(record.packets);
  if (const std::string name = PlainInterfaceName(record); !name.empty()) {
    message->set_interface(PlainUtf8(name));
    pbflow::DupMapEntry* const entry = message->add_dup_list();
    entry->set_interface(message->interface());
    entry->set_direction(direction);
  }
  const std::vector<PlainInterface> interfaces = PlainInterfaces(record, others);
  for (size_t i = 1; i < interfaces.size(); ++i) {
    if (interfaces[i].name.empty()) continue;
    pbflow::DupMapEntry* const entry = message->add_dup_list();
    entry->set_interface(PlainUtf8(interfaces[i].name));
    entry->set_direction(static_cast<pbflow::Direction>(interfaces[i].direction));
  }
  message->set_duplicate(has(WEIR_IS_DUPLICATE));
  if (has(WEIR_HAS_AGENT_IP)) SetIp(AgentIp(record), message->mutable_agent_ip());
  if (has(WEIR_HAS_TCP_FLAGS)) message->set_flags(record.tcp_flags);
  if (has(WEIR_HAS_ICMP)) {
    message->set_icmp_type(record.icmp_type);
    message->set_icmp_code(record.icmp_code);
  }
  if (has(WEIR_HAS_SAMPLING)) message->set_sampling(record.sampling_interval);
}

}  // namespace weir::testing

#endif  // WEIR_CORE_RECORD_TESTING_GENERATED_PROTOBUF_H_
