// SPDX-License-Identifier: Apache-2.0
// Compares packets and bytes on the wire with the interfaces' own counters, in the test's own
// network namespace: segmented buffers, and VLAN tags.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "bpf/flow.h"
#include "bpf/testing/packet_bytes.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/testing/network_namespace.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/testing/live_network.h"
#include "sources/ebpf/testing/table_tiers.h"

namespace weir::ebpf {
namespace {

// Packets and bytes, counted by weir or by an interface.
struct Traffic {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  friend bool operator==(const Traffic& a, const Traffic& b) {
    return a.packets == b.packets && a.bytes == b.bytes;
  }
  friend std::ostream& operator<<(std::ostream& out, const Traffic& traffic) {
    return out << traffic.packets << " packets, " << traffic.bytes << " bytes";
  }
};

// Returns the counters of an interface in /proc/net/dev, since it was made.
Traffic InterfaceCounts(const std::string& name, uint8_t direction) {
  std::ifstream file("/proc/thread-self/net/dev");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || line.substr(0, colon).find(name) == std::string::npos) {
      continue;
    }
    std::string own = line.substr(0, colon);
    own.erase(0, own.find_first_not_of(' '));
    if (own != name) continue;
    std::istringstream fields(line.substr(colon + 1));
    constexpr int kColumnsOfADirection = 8;
    uint64_t skipped = 0;
    if (direction == WEIR_DIRECTION_EGRESS) {
      for (int i = 0; i < kColumnsOfADirection; ++i) fields >> skipped;
    }
    Traffic traffic;
    fields >> traffic.bytes >> traffic.packets;
    EXPECT_FALSE(fields.fail()) << line;
    return traffic;
  }
  ADD_FAILURE() << "no interface " << name;
  return {};
}

// struct virtio_net_hdr of linux/virtio_net.h, which C++ cannot include. Host byte order.
struct VirtioHeader {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t header_length;
  uint16_t gso_size;
  uint16_t checksum_start;
  uint16_t checksum_offset;
};
static_assert(sizeof(VirtioHeader) == 10);
constexpr uint8_t kNeedsChecksum = 1;
constexpr uint8_t kGsoTcp4 = 1;
constexpr uint8_t kGsoTcp6 = 4;
constexpr uint8_t kGsoUdp = 5;

// Headers and a payload to be segmented.
struct Buffer {
  Bytes headers;
  size_t transport = 34;  // offset of the header of TCP or UDP
  uint8_t gso_type = kGsoTcp4;
  size_t payload = 0;
  size_t segment = 0;  // most bytes of payload in a segment

  size_t segments() const { return (payload + segment - 1) / segment; }
  Traffic OnTheWire() const { return {segments(), segments() * headers.size() + payload}; }
  size_t size() const { return headers.size() + payload; }
};

Bytes TcpHeader(size_t options) {
  Bytes header = Transport(20 + options);
  header[12] = static_cast<uint8_t>((header.size() / 4) << 4);
  header[13] = 0x10;  // ACK
  return header;
}

Buffer Tcp4(size_t payload, size_t segment, size_t options = 0) {
  const Bytes tcp = TcpHeader(options);
  Buffer buffer;
  buffer.headers = Ethernet({0x0800}) + Ipv4(6, tcp.size() + payload) + tcp;
  buffer.payload = payload;
  buffer.segment = segment;
  return buffer;
}

Buffer Tcp6(size_t payload, size_t segment) {
  const Bytes tcp = TcpHeader(12);
  Buffer buffer;
  buffer.headers = Ethernet({0x86dd}) + Ipv6(6, tcp.size() + payload) + tcp;
  buffer.transport = 54;
  buffer.gso_type = kGsoTcp6;
  buffer.payload = payload;
  buffer.segment = segment;
  return buffer;
}

Buffer Udp4(size_t payload, size_t segment) {
  Bytes udp = Transport(8);
  udp[4] = static_cast<uint8_t>((payload + 8) >> 8);
  udp[5] = static_cast<uint8_t>(payload + 8);
  Buffer buffer;
  buffer.headers = Ethernet({0x0800}) + Ipv4(17, udp.size() + payload) + udp;
  buffer.gso_type = kGsoUdp;
  buffer.payload = payload;
  buffer.segment = segment;
  return buffer;
}

// Returns the buffer in a VLAN. The tag is inside the packet.
Buffer Tagged(Buffer buffer) {
  const Bytes tag = {0x81, 0x00, 0x00, 0x05};
  buffer.headers.insert(buffer.headers.begin() + 12, tag.begin(), tag.end());
  buffer.transport += tag.size();
  return buffer;
}

// Returns the buffer as a virtual machine hands it over: after a virtio header without a number of
// segments.
Bytes WithVirtioHeader(const Buffer& buffer) {
  VirtioHeader header{};
  header.flags = kNeedsChecksum;
  header.gso_type = buffer.gso_type;
  header.header_length = static_cast<uint16_t>(buffer.headers.size());
  header.gso_size = static_cast<uint16_t>(buffer.segment);
  header.checksum_start = static_cast<uint16_t>(buffer.transport);
  header.checksum_offset = buffer.gso_type == kGsoUdp ? 6 : 16;
  Bytes bytes(sizeof(header));
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes + buffer.headers + Bytes(buffer.payload, 0x42);
}

class WireTest : public ::testing::TestWithParam<TableTier> {
 protected:
  void SetUp() override {
    if (!network_.ok()) GTEST_SKIP() << "SKIPPED: " << network_.why_not();
    const std::string error = MakeInterfaces(kCable);
    if (!error.empty()) GTEST_SKIP() << "SKIPPED: " << error;
    KernelOptions options{/*max_flows=*/1000, 0, 0};
    options.tier = GetParam();
    sdk::Result<std::unique_ptr<KernelFlows>> loaded =
        KernelFlows::Load(options, host_.MakeStage());
    if (!loaded.ok()) GTEST_SKIP() << "SKIPPED: " << loaded.status().message();
    kernel_ = *std::move(loaded);
  }

  std::unique_ptr<Attachment> Attach(const std::string& interface, uint8_t direction) {
    sdk::Result<std::unique_ptr<Attachment>> attached =
        kernel_->Attach(LinkOf(interface), direction, By(AttachMode::kAuto));
    EXPECT_TRUE(attached.ok()) << attached.status().message();
    return attached.ok() ? *std::move(attached) : nullptr;
  }

  // The counts since the last call, at all hooks: buffers, and packets on the wire.
  struct Counted {
    Traffic buffers;
    Traffic wire;
  };
  Counted Count() {
    Counted counted;
    EXPECT_TRUE(kernel_->Flip().ok());
    const sdk::Status status = kernel_->Drain([&counted](const Flow& flow) {
      counted.buffers.packets += flow.value.packets;
      counted.buffers.bytes += flow.value.bytes;
      counted.wire.packets += flow.value.wire_packets;
      counted.wire.bytes += flow.value.bytes + flow.value.more_wire_bytes;
    });
    EXPECT_TRUE(status.ok()) << status.message();
    return counted;
  }

  // Turns features of ethtool off. They are separated by blanks. Returns false if it cannot.
  static bool TurnOff(const std::string& interface, const std::string& features) {
    std::string command = "ethtool -K " + interface;
    std::istringstream words(features);
    for (std::string word; words >> word;) command += " " + word + " off";
    return Shell(command).empty();
  }

  sdk::testing::ScopedNetworkNamespace network_;
  sdk::testing::FakeHost host_;
  std::unique_ptr<KernelFlows> kernel_;
};

// Sends buffers out of an interface as the network card of a virtual machine does.
class VirtioSocket {
 public:
  explicit VirtioSocket(const std::string& interface) : fd_(socket(AF_PACKET, SOCK_RAW, 0)) {
    EXPECT_GE(fd_.get(), 0) << std::strerror(errno);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    const int on = 1;
    EXPECT_EQ(setsockopt(fd_.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)), 0)
        << std::strerror(errno);
  }
  // Returns 0 or an errno.
  int Send(const Buffer& buffer) {
    const Bytes bytes = WithVirtioHeader(buffer);
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), 0);
    return sent == static_cast<ssize_t>(bytes.size()) ? 0 : errno;
  }

 private:
  sdk::UniqueFd fd_;
};

// The kernel segments the buffer after the hook: the interface's counter has the segments.
TEST_P(WireTest, AtEgressIsWhatTheInterfaceCountsOfSegmentsOfTheKernel) {
  if (!TurnOff("left", "tso gso tx-udp-segmentation tx-vlan-hw-insert")) {
    GTEST_SKIP() << "SKIPPED: ethtool cannot turn segmentation off";
  }
  const auto attached = Attach("left", WEIR_DIRECTION_EGRESS);
  VirtioSocket socket("left");
  const std::pair<const char*, Buffer> buffers[] = {
      {"50 segments", Tcp4(50'000, 1000)},
      {"a short last segment", Tcp4(49'001, 1000)},
      {"TCP options", Tcp4(10'000, 1400, 12)},
      {"IPv6", Tcp6(30'000, 1400)},
      {"UDP", Udp4(20'000, 1200)},
      {"a tag", Tagged(Tcp4(50'000, 1000))},
      {"one segment", Tcp4(900, 1000)},
  };
  for (const auto& [name, buffer] : buffers) {
    SCOPED_TRACE(name);
    const Traffic before = InterfaceCounts("left", WEIR_DIRECTION_EGRESS);
    const int error = socket.Send(buffer);
    if (error == EINVAL && buffer.gso_type == kGsoUdp) continue;  // before 6.2
    ASSERT_EQ(error, 0) << std::strerror(error);
    const Traffic after = InterfaceCounts("left", WEIR_DIRECTION_EGRESS);
    const Counted counted = Count();
    EXPECT_EQ(counted.buffers, (Traffic{1, buffer.size()}));
    EXPECT_EQ(counted.wire, buffer.OnTheWire());
    EXPECT_EQ(counted.wire, (Traffic{after.packets - before.packets, after.bytes - before.bytes}));
  }
}

// A buffer as the network card's driver or GRO leaves it: it arrives as a whole.
TEST_P(WireTest, AtIngressHasTheHeadersOfAllSegments) {
  const auto attached = Attach("right", WEIR_DIRECTION_INGRESS);
  VirtioSocket socket("left");
  for (const Buffer& buffer : {Tcp4(50'000, 1000), Tcp4(10'000, 1400, 12), Tcp6(30'000, 1400),
                               Udp4(20'000, 1200), Tagged(Tcp4(50'000, 1000))}) {
    SCOPED_TRACE("segments of " + std::to_string(buffer.segment));
    const int error = socket.Send(buffer);
    if (error == EINVAL && buffer.gso_type == kGsoUdp) continue;  // before 6.2
    ASSERT_EQ(error, 0) << std::strerror(error);
    const Counted counted = Count();
    EXPECT_EQ(counted.buffers, (Traffic{1, buffer.size()}));
    EXPECT_EQ(counted.wire, buffer.OnTheWire());
  }
}

// A virtual machine gives the length of the segments, but not their number.
TEST_P(WireTest, OfAVirtualMachineIsDerivedFromTheSizeOfSegments) {
  const sdk::UniqueFd tap(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (tap.get() < 0) GTEST_SKIP() << "SKIPPED: /dev/net/tun: " << std::strerror(errno);
  ifreq request{};
  std::strcpy(request.ifr_name, "machine");
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (ioctl(tap.get(), TUNSETIFF, &request) != 0) {
    GTEST_SKIP() << "SKIPPED: make a tap device: " << std::strerror(errno);
  }
  // Before 6.2 a tap device accepts only this header.
  int header_size = sizeof(VirtioHeader);
  ASSERT_EQ(ioctl(tap.get(), TUNSETVNETHDRSZ, &header_size), 0) << std::strerror(errno);
  ASSERT_EQ(Shell("ip link set machine up"), "");
  const auto attached = Attach("machine", WEIR_DIRECTION_INGRESS);
  for (const Buffer& buffer :
       {Tcp4(50'000, 1000), Tcp4(49'001, 1000), Tcp4(5'000, 8), Tcp6(30'000, 1400)}) {
    SCOPED_TRACE("segments of " + std::to_string(buffer.segment));
    const Bytes bytes = WithVirtioHeader(buffer);
    ASSERT_EQ(write(tap.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()))
        << std::strerror(errno);
    const Counted counted = Count();
    EXPECT_EQ(counted.buffers, (Traffic{1, buffer.size()}));
    EXPECT_EQ(counted.wire, buffer.OnTheWire());
  }
}

constexpr int kFrames = 1000;

// A UDP frame with `tags` VLAN tags: 82 bytes without tags.
Bytes Frame(int tags) {
  constexpr size_t kPayload = 40;
  std::vector<uint16_t> types(static_cast<size_t>(tags), 0x8100);
  if (tags > 1) types.front() = 0x88a8;
  types.push_back(0x0800);
  return Ethernet(types) + Ipv4(17, 8 + kPayload) + Transport(8 + kPayload);
}

// Cards without offload for tags: the interfaces count the tags too.
class TagTest : public WireTest {
 protected:
  void SetUp() override {
    WireTest::SetUp();
    if (IsSkipped()) return;
    for (const char* const end : {"left", "right"}) {
      if (!TurnOff(end, "tx-vlan-hw-insert rx-vlan-hw-parse tx-vlan-stag-hw-insert")) {
        GTEST_SKIP() << "SKIPPED: ethtool cannot turn the offload of VLAN tags off";
      }
    }
  }
  static void SendFrames(const std::string& interface, int tags) {
    PacketSocket socket(interface);
    for (int i = 0; i < kFrames; ++i) socket.Send(Frame(tags));
  }
  static Traffic Expected(int tags) { return {kFrames, kFrames * Frame(tags).size()}; }
};

TEST_P(TagTest, BytesAreThoseOfTheInterfaceWithAnyNumberOfTags) {
  for (const uint8_t direction : {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS}) {
    const std::string end = direction == WEIR_DIRECTION_INGRESS ? "right" : "left";
    const auto attached = Attach(end, direction);
    for (const int tags : {0, 1, 2, 3}) {
      SCOPED_TRACE(end + ", tags: " + std::to_string(tags));
      const Traffic before = InterfaceCounts(end, direction);
      SendFrames("left", tags);
      const Traffic after = InterfaceCounts(end, direction);
      const Counted counted = Count();
      EXPECT_EQ(counted.buffers, Expected(tags));
      EXPECT_EQ(counted.wire, Expected(tags));
      EXPECT_EQ(counted.buffers,
                (Traffic{after.packets - before.packets, after.bytes - before.bytes}));
    }
  }
}

// A VLAN interface sees packets without the tag; the one below it sees them with the tag.
TEST_P(TagTest, BytesOfAVlanInterfaceAreWithoutItsTag) {
  const std::string error = Shell(
      "ip link add link left name left.5 type vlan id 5 && "
      "ip link add link right name right.5 type vlan id 5 && "
      "ip link set left.5 up && ip link set right.5 up");
  if (!error.empty()) GTEST_SKIP() << "SKIPPED: " << error;
  struct Hook {
    const char* interface;
    uint8_t direction;
    int tags;
    // The kernel's counter leaves out the Ethernet header if a VLAN interface receives.
    uint64_t not_in_counter;
  };
  for (const Hook& hook :
       {Hook{"left.5", WEIR_DIRECTION_EGRESS, 0, 0}, Hook{"left", WEIR_DIRECTION_EGRESS, 1, 0},
        Hook{"right", WEIR_DIRECTION_INGRESS, 1, 0},
        Hook{"right.5", WEIR_DIRECTION_INGRESS, 0, 14}}) {
    SCOPED_TRACE(hook.interface);
    const auto attached = Attach(hook.interface, hook.direction);
    const Traffic before = InterfaceCounts(hook.interface, hook.direction);
    Bytes frame = Frame(0);
    std::fill_n(frame.begin(), 6, 0xff);  // to all stations
    PacketSocket socket("left.5");
    for (int i = 0; i < kFrames; ++i) socket.Send(frame);
    const Traffic after = InterfaceCounts(hook.interface, hook.direction);
    const Counted counted = Count();
    EXPECT_EQ(counted.buffers, Expected(hook.tags));
    EXPECT_EQ(counted.buffers,
              (Traffic{after.packets - before.packets,
                       after.bytes - before.bytes + kFrames * hook.not_in_counter}));
  }
}

// The kernel takes the tag out where the frame comes in, and puts it back after the hook where a
// bridge sends it out.
TEST_P(TagTest, BytesHaveTheTagThatIsPutInBehindTheHook) {
  const std::string error = Shell(
      "ip link add out type veth peer name in && ip link add tray type bridge mcast_snooping 0 && "
      "ip link set right master tray && ip link set out master tray && "
      "ip link set tray up && ip link set out up && ip link set in up");
  if (!error.empty()) GTEST_SKIP() << "SKIPPED: " << error;
  ASSERT_TRUE(TurnOff("out", "tso gso tx-vlan-hw-insert tx-vlan-stag-hw-insert"));
  for (const char* const port : {"right", "out"}) {
    ASSERT_EQ(Shell("timeout 60 sh -c 'until bridge link show dev " + std::string(port) +
                    " | grep -q \"state forwarding\"; do :; done'"),
              "");
  }
  const auto attached = Attach("out", WEIR_DIRECTION_EGRESS);
  for (const int tags : {1, 2}) {
    SCOPED_TRACE("tags: " + std::to_string(tags));
    const Traffic before = InterfaceCounts("out", WEIR_DIRECTION_EGRESS);
    SendFrames("left", tags);
    const Traffic after = InterfaceCounts("out", WEIR_DIRECTION_EGRESS);
    const Counted counted = Count();
    EXPECT_EQ(counted.buffers, Expected(tags));
    EXPECT_EQ(counted.wire, (Traffic{after.packets - before.packets, after.bytes - before.bytes}));
  }
  VirtioSocket socket("left");
  const Buffer buffer = Tagged(Tcp4(50'000, 1000));
  const Traffic before = InterfaceCounts("out", WEIR_DIRECTION_EGRESS);
  ASSERT_EQ(socket.Send(buffer), 0);
  const Traffic after = InterfaceCounts("out", WEIR_DIRECTION_EGRESS);
  const Counted counted = Count();
  EXPECT_EQ(counted.buffers, (Traffic{1, buffer.size()}));
  EXPECT_EQ(counted.wire, buffer.OnTheWire());
  EXPECT_EQ(counted.wire, (Traffic{after.packets - before.packets, after.bytes - before.bytes}));
}

INSTANTIATE_TEST_SUITE_P(Tiers, WireTest, BothTiers(), TierName);
INSTANTIATE_TEST_SUITE_P(Tiers, TagTest, BothTiers(), TierName);

}  // namespace
}  // namespace weir::ebpf
