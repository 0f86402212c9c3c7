// SPDX-License-Identifier: Apache-2.0
// Random records: of any values, or like those of real traffic.
#ifndef WEIR_CORE_RECORD_TESTING_RANDOM_RECORDS_H_
#define WEIR_CORE_RECORD_TESTING_RANDOM_RECORDS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "core/record/other_interfaces.h"
#include "core/record/record.h"

namespace weir::testing {

// One thread. The same seed gives the same records.
class RandomRecords {
 public:
  explicit RandomRecords(uint64_t seed) : random_(seed) {}

  // A record of any values; the direction is valid. Extremes, addresses with zero groups, and names
  // with special characters are frequent.
  Record Any() {
    Record record{};
    FillBytes(&record, sizeof(record));
    for (uint8_t* const address : {record.src_addr, record.dst_addr, record.agent_ip}) {
      SetAnyAddress(address);
    }
    for (uint64_t* const number :
         {&record.packets, &record.bytes, &record.start_mono_time_ns, &record.end_mono_time_ns,
          &record.network_namespace, &record.wire_packets, &record.wire_bytes}) {
      *number = AnyNumber();
    }
    record.direction = static_cast<uint8_t>(Below(2));
    record.start_wall_time_ns = AnyTime();
    record.end_wall_time_ns = Below(2) == 0 ? AnyTime() : record.start_wall_time_ns;
    record.if_index = static_cast<uint32_t>(AnyNumber());
    record.sampling_interval = static_cast<uint32_t>(AnyNumber());
    record.src_port = static_cast<uint16_t>(AnyNumber());
    record.tcp_flags = static_cast<uint16_t>(AnyNumber());
    record.present = Below(8) == 0 ? ~uint64_t{0} : random_();
    SetAnyName(record.interface_name);
    return record;
  }

  // Any number of any interfaces; `count` may be more than fit.
  weir_other_interfaces AnyOthers() {
    weir_other_interfaces others{};
    others.count = static_cast<uint32_t>(Below(WEIR_MAX_OTHER_INTERFACES + 3));
    for (weir_interface& interface : others.interfaces) {
      interface.network_namespace = AnyNumber();
      interface.if_index = static_cast<uint32_t>(AnyNumber());
      interface.direction = static_cast<uint8_t>(Below(2));
      SetAnyName(interface.name);
    }
    return others;
  }

  // A record as sources make it: IPv4 and a quarter IPv6; TCP, UDP and ICMP; a duration of some
  // seconds.
  Record OfTraffic() {
    constexpr int64_t kSecond = 1'000'000'000;
    constexpr uint64_t kBoot = 1'760'000'000'000'000'000;
    Record record{};
    SetTrafficKey(&record);
    record.packets = uint64_t{1} << Below(16) | Below(1000);
    record.bytes = record.packets * (60 + Below(1440));
    record.start_mono_time_ns = 3'600 * kSecond + Below(60 * kSecond);
    record.end_mono_time_ns = record.start_mono_time_ns + Below(5 * kSecond);
    SetWallTimes({kBoot, 0}, &record);
    record.present = WEIR_HAS_DSCP | WEIR_HAS_FLOW_END_REASON | WEIR_HAS_WIRE_PACKETS |
                     WEIR_HAS_WIRE_BYTES | WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME;
    record.dscp = Below(4) == 0 ? 46 : 0;
    record.flow_end_reason = 2;
    const uint64_t more_segments = Below(3);
    record.wire_packets = record.packets + more_segments;
    record.wire_bytes = record.bytes + 66 * more_segments;
    if (record.transport_protocol == 6) {
      record.present |= WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS;
      record.tcp_flags = Below(2) == 0 ? 0x1B : 0x10;
      record.tcp_flag_pairs = record.tcp_flags == 0x10 ? 0 : WEIR_TCP_SYN_ACK | WEIR_TCP_FIN_ACK;
    } else if (record.transport_protocol != 17) {
      record.present |= WEIR_HAS_ICMP;
      record.icmp_type = record.transport_protocol == 1 ? 8 : 128;
    }
    constexpr const char* kNames[] = {"eth0", "eth1", "enp3s0f1np1", "wlan0", "veth5f3a9c1"};
    record.if_index = static_cast<uint32_t>(1 + Below(std::size(kNames)));
    SetInterfaceName(kNames[record.if_index - 1], &record);
    return record;
  }

  std::vector<Record> OfTraffic(size_t count) {
    std::vector<Record> records;
    while (records.size() < count) records.push_back(OfTraffic());
    return records;
  }

  uint64_t Below(uint64_t limit) { return random_() % limit; }

  // A number with any number of digits, or the first or last with that number.
  uint64_t AnyNumber() {
    if (Below(8) == 0) return ~uint64_t{0};
    uint64_t power = 1;
    for (uint64_t digits = Below(20); digits > 0; --digits) power *= 10;
    return Below(4) == 0 ? power - Below(2) : random_() % power;
  }

  // Any time of 64 bits, with any number of trailing zeros.
  int64_t AnyTime() {
    if (Below(8) == 0) return Below(2) == 0 ? INT64_MIN : INT64_MAX;
    const auto time = static_cast<int64_t>(random_());
    int64_t unit = 1;
    for (uint64_t zeros = Below(16); zeros > 0; --zeros) unit *= 10;
    return time / unit * unit;
  }

 private:
  void FillBytes(void* to, size_t size) {
    for (size_t i = 0; i < size; ++i)
      static_cast<uint8_t*>(to)[i] = static_cast<uint8_t>(random_());
  }

  void SetAnyAddress(uint8_t* address) {
    switch (Below(3)) {
      case 0:
        std::memcpy(address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
        break;
      case 1: {  // each group is zero, short or full
        for (int i = 0; i < 16; i += 2) {
          const uint64_t kind = Below(4);
          if (kind < 3) address[i] = 0;
          if (kind < 2) address[i + 1] = 0;
        }
        break;
      }
      default:
        break;
    }
  }

  void SetAnyName(char (&to)[kMaxInterfaceName + 1]) {
    constexpr const char* kParts[] = {
        "eth0", "\"", "\\", "\n",   ",",        "=",           "\x7f", "\xC3\xA9",
        "-",    "a",  "'",  "\xE2", "\xFF",     "@",           "\x1b", "\xF0\x9F\x98\x80",
        " ",    "\t", "\r", "+",    "\xC2\x9B", "\xE2\x80\xAE"};
    if (Below(8) == 0) {  // not even NUL
      FillBytes(to, sizeof(to));
      return;
    }
    std::string name;
    for (uint64_t parts = Below(10); parts > 0; --parts) name += kParts[Below(std::size(kParts))];
    name.copy(to, kMaxInterfaceName);
    std::fill(to + std::min(name.size(), kMaxInterfaceName), std::end(to), '\0');
  }

  void SetTrafficKey(Record* record) {
    const bool v6 = Below(4) == 0;
    record->eth_protocol = v6 ? kIpv6Type : kIpv4Type;
    for (uint8_t* const address : {record->src_addr, record->dst_addr}) {
      if (v6) {
        std::memcpy(address, "\x20\x01\x0d\xb8\0\1\0\2", 8);
        // A host in a network: a small number, or 64 random bits.
        if (Below(2) == 0) FillBytes(address + 8, 8);
        address[15] = static_cast<uint8_t>(1 + Below(255));
      } else {
        const IpAddr v4 = IpAddr::FromV4(static_cast<uint32_t>(random_()));
        std::memcpy(address, v4.bytes.data(), v4.bytes.size());
      }
    }
    FillBytes(record->src_mac, sizeof(record->src_mac));
    FillBytes(record->dst_mac, sizeof(record->dst_mac));
    record->direction = static_cast<uint8_t>(Below(2));
    const uint64_t kind = Below(10);
    if (kind == 0) {
      record->transport_protocol = v6 ? 58 : 1;
      return;
    }
    record->transport_protocol = kind < 7 ? 6 : 17;
    record->src_port = static_cast<uint16_t>(32768 + Below(28232));
    record->dst_port = Below(2) == 0 ? 443 : static_cast<uint16_t>(1 + Below(65535));
  }

  std::mt19937_64 random_;
};

}  // namespace weir::testing

#endif  // WEIR_CORE_RECORD_TESTING_RANDOM_RECORDS_H_
