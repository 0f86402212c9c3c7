// SPDX-License-Identifier: Apache-2.0
// The table of the record's fields, in the order of JSON and CSV. It describes each member of
// weir_record once, except `present` and `reserved`.
#ifndef WEIR_CORE_RECORD_FIELDS_RECORD_FIELDS_H_
#define WEIR_CORE_RECORD_FIELDS_RECORD_FIELDS_H_

#include <cstddef>
#include <iterator>

#include "core/record/fields/describe_field.h"
#include "core/record/fields/value_names.h"
#include "plugins/abi/weir_fields.h"
#include "plugins/abi/weir_interfaces.h"
#include "plugins/abi/weir_plugin.h"

namespace weir {

// Parts of pbflow.Record.
inline constexpr uint32_t kProtobufDataLink = 5;
inline constexpr uint32_t kProtobufNetwork = 6;
inline constexpr uint32_t kProtobufTransport = 7;
inline constexpr uint32_t kProtobufDupList = 26;

inline constexpr weir_field kRecordFields[] = {
    DescribeField("etype", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, eth_protocol),
                  "EtherType behind VLAN tags, PPPoE and MPLS; 0: none, as in LLC frames.")
        .Key("Etype")
        .Noun("an EtherType")
        .Names(kEtherTypeNames)
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(1)
        .Ipfix(256),
    DescribeField("direction", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, direction),
                  "Direction of the packets at the interface: 0 in, 1 out.")
        .Key("FlowDirection")
        .Noun("ingress or egress")
        .Names(kDirectionNames)
        .Max(kDirectionEgress)
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(2)
        .Ipfix(61),
    DescribeField("src_mac", WEIR_FIELD_MAC, WEIR_MEMBER(weir_record, src_mac),
                  "Source MAC address.")
        .Key("SrcMac")
        .Either("mac")
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(1, kProtobufDataLink)
        .Ipfix(56),
    DescribeField("dst_mac", WEIR_FIELD_MAC, WEIR_MEMBER(weir_record, dst_mac),
                  "Destination MAC address.")
        .Key("DstMac")
        .Either("mac")
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(2, kProtobufDataLink)
        .Ipfix(80),
    DescribeField("src_addr", WEIR_FIELD_IP, WEIR_MEMBER(weir_record, src_addr),
                  "Source address; both addresses are `::` if the packets are not IP.")
        .Key("SrcAddr")
        .Either("addr")
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(1, kProtobufNetwork)
        .Ipfix(8, 27),
    DescribeField("dst_addr", WEIR_FIELD_IP, WEIR_MEMBER(weir_record, dst_addr),
                  "Destination address.")
        .Key("DstAddr")
        .Either("addr")
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(2, kProtobufNetwork)
        .Ipfix(12, 28),
    DescribeField("src_port", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, src_port),
                  "Source port of TCP, UDP, SCTP, DCCP and UDP-Lite; otherwise 0.")
        .Key("SrcPort")
        .Either("port")
        .Noun("a port")
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(1, kProtobufTransport)
        .Ipfix(7),
    DescribeField("dst_port", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, dst_port),
                  "Destination port, as src_port.")
        .Key("DstPort")
        .Either("port")
        .Noun("a port")
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(2, kProtobufTransport)
        .Ipfix(11),
    DescribeField("proto", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, transport_protocol),
                  "IANA protocol number, behind authentication and IPv6 extension headers.")
        .Key("Proto")
        .Noun("a protocol")
        .Names(kProtocolNames)
        .Merge(WEIR_MERGE_KEY)
        .Protobuf(3, kProtobufTransport)
        .Ipfix(4),
    // ingressInterface; if the direction is egress, egressInterface (14).
    DescribeField("if_index", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, if_index),
                  "Index of the interface.")
        .Key("IFIndex")
        .Noun("an interface's index")
        .Merge(WEIR_MERGE_KEY)
        .Ipfix(10),
    DescribeField("packets", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, packets),
                  "Socket buffers, as the interface's own counters count them.")
        .Key("Packets")
        .Unit("packets")
        .Display(WEIR_DISPLAY_COUNT)
        .Merge(WEIR_MERGE_SUM)
        .Protobuf(9)
        .Ipfix(2),
    // layer2OctetDeltaCount: octetDeltaCount (1) begins with the IP header.
    DescribeField("bytes", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, bytes),
                  "Bytes from the first byte of the Ethernet header, with all VLAN tags.")
        .Key("Bytes")
        .Unit("bytes")
        .Display(WEIR_DISPLAY_BYTES)
        .Merge(WEIR_MERGE_SUM)
        .Protobuf(8)
        .Ipfix(352),
    // WEIR_HAS_MONO_TIME and WEIR_HAS_WALL_TIME say more (HasMonoTime and HasWallTime in record.h),
    // but JSON and CSV always contain the times.
    DescribeField("start_mono_time", WEIR_FIELD_MONO_TIME,
                  WEIR_MEMBER(weir_record, start_mono_time_ns),
                  "Time of the first packet by CLOCK_MONOTONIC.")
        .Key("StartMonoTimeNs")
        .Unit("ns")
        .Merge(WEIR_MERGE_MIN),
    DescribeField("end_mono_time", WEIR_FIELD_MONO_TIME, WEIR_MEMBER(weir_record, end_mono_time_ns),
                  "Time of the last packet by CLOCK_MONOTONIC.")
        .Key("EndMonoTimeNs")
        .Unit("ns")
        .Merge(WEIR_MERGE_MAX),
    DescribeField("start_time", WEIR_FIELD_WALL_TIME, WEIR_MEMBER(weir_record, start_wall_time_ns),
                  "Time of the first packet by the wall clock: RFC 3339, UTC.")
        .Key("TimeFlowStart")
        .Merge(WEIR_MERGE_MIN)
        .Protobuf(3)
        .Ipfix(156),
    DescribeField("end_time", WEIR_FIELD_WALL_TIME, WEIR_MEMBER(weir_record, end_wall_time_ns),
                  "Time of the last packet by the wall clock: RFC 3339, UTC.")
        .Key("TimeFlowEnd")
        .Merge(WEIR_MERGE_MAX)
        .Protobuf(4)
        .Ipfix(157),
    DescribeField("interface", WEIR_FIELD_FIXED_TEXT, WEIR_MEMBER(weir_record, interface_name),
                  "Name of the interface, or `unknown`.")
        .Key("Interface")
        .Noun("the name of an interface")
        .Protobuf(10)
        .Ipfix(82),
    DescribeField("tcp_flags", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, tcp_flags),
                  "All TCP flags that were seen, 12 bits.")
        .Key("TcpFlags")
        .Present(WEIR_HAS_TCP_FLAGS)
        .Noun("TCP flags, as in syn+ack")
        .Flags(kTcpFlagNames)
        .Merge(WEIR_MERGE_OR)
        .Protobuf(13)
        .Ipfix(6),
    DescribeField("dscp", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, dscp),
                  "DSCP of the first packet.")
        .Key("Dscp")
        .Present(WEIR_HAS_DSCP)
        .Noun("a DSCP")
        .Names(kDscpNames)
        .Max(63)
        .Protobuf(3, kProtobufNetwork)
        .Ipfix(195),
    DescribeField("icmp_type", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, icmp_type),
                  "Type of ICMP or ICMPv6 of the first packet.")
        .Key("IcmpType")
        .Present(WEIR_HAS_ICMP)
        .Noun("a type of ICMP")
        .Protobuf(14)
        .Ipfix(176, 178),
    DescribeField("icmp_code", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, icmp_code),
                  "Code of ICMP or ICMPv6 of the first packet.")
        .Key("IcmpCode")
        .Present(WEIR_HAS_ICMP)
        .Noun("a code of ICMP")
        .Protobuf(15)
        .Ipfix(177, 179),
    DescribeField("vlan_id", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, vlan_id),
                  "Id of the outermost VLAN tag of the first packet.")
        .Key("VlanId")
        .Present(WEIR_HAS_VLAN)
        .Noun("the id of a VLAN")
        .Max(4095)
        .Ipfix(243),
    DescribeField("sampling", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, sampling_interval),
                  "N: one of N packets was looked at.")
        .Key("Sampling")
        .Present(WEIR_HAS_SAMPLING)
        .Noun("a sampling interval")
        .Protobuf(29)
        .Ipfix(34),
    DescribeField("flow_end_reason", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, flow_end_reason),
                  "Why the record ended.")
        .Key("FlowEndReason")
        .Present(WEIR_HAS_FLOW_END_REASON)
        .Noun("a reason of a flow's end")
        .Names(kFlowEndReasonNames)
        .Merge(WEIR_MERGE_LAST)
        .Ipfix(136),
    DescribeField("wire_packets", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, wire_packets),
                  "Packets that segmentation makes of the buffers in `packets`.")
        .Key("WirePackets")
        .Present(WEIR_HAS_WIRE_PACKETS)
        .Unit("packets")
        .Display(WEIR_DISPLAY_COUNT)
        .Merge(WEIR_MERGE_SUM),
    DescribeField("wire_bytes", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, wire_bytes),
                  "Bytes of the packets in `wire_packets`, each with its headers.")
        .Key("WireBytes")
        .Present(WEIR_HAS_WIRE_BYTES)
        .Unit("bytes")
        .Display(WEIR_DISPLAY_BYTES)
        .Merge(WEIR_MERGE_SUM),
    DescribeField("network_namespace", WEIR_FIELD_UNSIGNED,
                  WEIR_MEMBER(weir_record, network_namespace),
                  "Inode number of the network namespace, as `lsns --type=net` shows it.")
        .Key("NetworkNamespace")
        .Present(WEIR_HAS_NETWORK_NAMESPACE)
        .Noun("the inode number of a network namespace")
        .Merge(WEIR_MERGE_KEY),
    DescribeField("agent_ip", WEIR_FIELD_IP, WEIR_MEMBER(weir_record, agent_ip),
                  "Address of the agent that measured the record, if it came from another machine.")
        .Key("AgentIp")
        .Present(WEIR_HAS_AGENT_IP)
        .Protobuf(12)
        .Ipfix(130, 131),
    DescribeField("tcp_flag_pairs", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_record, tcp_flag_pairs),
                  "Pairs of TCP flags that one packet had.")
        .Key("TcpFlagPairs")
        .Present(WEIR_HAS_TCP_FLAG_PAIRS)
        .Noun("pairs of TCP flags, as in syn_ack")
        .Flags(kTcpFlagPairNames)
        .Merge(WEIR_MERGE_OR),
    DescribeField("duplicate", WEIR_FIELD_BOOL, 0, 0,
                  "True: a record of another interface already counts these packets.")
        .Key("Duplicate")
        .Present(WEIR_IS_DUPLICATE)
        .Merge(WEIR_MERGE_OR)
        .Protobuf(11),
};

// The record as if it were a block, for code that works on any block.
inline constexpr weir_block_spec kRecordSpec = {
    sizeof(weir_block_spec),
    WEIR_RECORD_VERSION,
    "record",
    sizeof(weir_record),
    offsetof(weir_record, present),
    kRecordFields,
    std::size(kRecordFields),
    0,
};

// Values that a filter computes from several fields. They have no place in a record.
inline constexpr weir_field kComputedFields[] = {
    DescribeField("duration", WEIR_FIELD_DURATION, 0, 0, "Time from the first packet to the last.")
        .Unit("ns"),
};

// Lists: a value for each interface that saw the packets, that of the record's own interface
// first. Offsets are in weir_interface, the element of the list in weir_interfaces.h. JSON and CSV
// contain them if the batch has the block of interfaces.
inline constexpr weir_field kListFields[] = {
    DescribeField("interfaces", WEIR_FIELD_FIXED_TEXT, WEIR_MEMBER(weir_interface, name),
                  "Names of all interfaces that saw the packets, if `dedup` merged records.")
        .Key("Interfaces")
        .Protobuf(1, kProtobufDupList),
    DescribeField("if_directions", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(weir_interface, direction),
                  "The direction at each of these interfaces.")
        .Key("IfDirections")
        .Names(kDirectionNames)
        .Max(kDirectionEgress)
        .Protobuf(2, kProtobufDupList),
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_RECORD_FIELDS_H_
