// SPDX-License-Identifier: Apache-2.0
// Helpers of tests on real interfaces. For tests only.
#ifndef WEIR_SOURCES_EBPF_TESTING_LIVE_NETWORK_H_
#define WEIR_SOURCES_EBPF_TESTING_LIVE_NETWORK_H_

#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "bpf/testing/packet_bytes.h"
#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/testing/network_namespace.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/attach/attach_options.h"

namespace weir::ebpf {

// Runs a command. Returns an empty string, or what went wrong.
inline std::string Shell(const std::string& command) {
  return sdk::testing::RunCommand({"sh", "-c", command});
}

// A cable with the ends "left" and "right", for MakeInterfaces.
inline constexpr char kCable[] =
    "ip link add left type veth peer name right && ip link set left up && ip link set right up";

// Makes interfaces with `commands` in the test's own network namespace. They send nothing by
// themselves. Returns an empty string, or what went wrong.
inline std::string MakeInterfaces(const std::string& commands) {
  // Fails without IPv6, where there is nothing to silence.
  (void)Shell("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
  return Shell(commands);
}

inline bool HasClsact(const std::string& interface) {
  return Shell("tc qdisc show dev " + interface + " | grep -q clsact").empty();
}

inline sdk::Link LinkOf(const std::string& name, uint16_t hardware_type = ARPHRD_ETHER) {
  sdk::Link link;
  link.if_index = if_nametoindex(name.c_str());
  link.name = name;
  link.hardware_type = hardware_type;
  link.up = true;
  return link;
}

inline AttachOptions By(AttachMode mode) {
  AttachOptions options;
  options.mode = mode;
  return options;
}

// Sends frames as they are, and receives frames. For one thread at a time.
class PacketSocket {
 public:
  // `protocol` is the EtherType to receive, in network order. 0: receives nothing.
  explicit PacketSocket(const std::string& interface, uint16_t protocol = 0)
      : fd_(socket(AF_PACKET, SOCK_RAW, 0)) {
    EXPECT_GE(fd_.get(), 0) << std::strerror(errno);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = protocol;
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    const timeval patience = {60, 0};
    EXPECT_EQ(setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
  }
  void Send(const Bytes& packet) {
    ssize_t sent;
    do {
      sent = send(fd_.get(), packet.data(), packet.size(), 0);
    } while (sent < 0 && (errno == ENOBUFS || errno == EINTR));
    ASSERT_EQ(sent, static_cast<ssize_t>(packet.size())) << std::strerror(errno);
  }
  // Sends the packet once. If a program drops it on its way out, the kernel reports ENOBUFS.
  void Offer(const Bytes& packet) {
    const ssize_t sent = send(fd_.get(), packet.data(), packet.size(), 0);
    ASSERT_TRUE(sent == static_cast<ssize_t>(packet.size()) || errno == ENOBUFS)
        << std::strerror(errno);
  }
  // Waits for a packet.
  Bytes Receive() {
    Bytes packet(UINT16_MAX);
    const ssize_t size = recv(fd_.get(), packet.data(), packet.size(), 0);
    EXPECT_GE(size, 0) << std::strerror(errno);
    packet.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return packet;
  }

 private:
  sdk::UniqueFd fd_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_LIVE_NETWORK_H_
