// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/address_feed.h"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "plugins/sdk/testing/network_namespace.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {
namespace {

using sdk::testing::RunCommand;
using Texts = std::set<std::string>;

// A message with a local address and the other end's, as for a tunnel.
std::vector<uint8_t> Message(uint8_t family, const std::vector<uint8_t>& far,
                             const std::vector<uint8_t>& local) {
  ifaddrmsg head{};
  head.ifa_family = family;
  head.ifa_index = 7;
  std::vector<uint8_t> bytes(sizeof(head));
  std::memcpy(bytes.data(), &head, sizeof(head));
  const auto add = [&bytes](uint16_t type, const std::vector<uint8_t>& value) {
    const rtattr attribute = {static_cast<uint16_t>(RTA_LENGTH(value.size())), type};
    const auto* const from = reinterpret_cast<const uint8_t*>(&attribute);
    bytes.insert(bytes.end(), from, from + sizeof(attribute));
    bytes.insert(bytes.end(), value.begin(), value.end());
  };
  add(IFA_ADDRESS, far);
  if (!local.empty()) add(IFA_LOCAL, local);
  return bytes;
}

Texts Parsed(const std::vector<uint8_t>& bytes, size_t size) {
  // At the end of an allocation of exactly that size, so that a sanitizer sees reads beyond it.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.begin() + static_cast<long>(size));
  std::vector<InterfaceAddress> addresses;
  ParseAddress(exact.data(), exact.size(), &addresses);
  Texts texts;
  for (const InterfaceAddress& one : addresses) {
    texts.insert(std::to_string(one.if_index) + " " + one.address.String());
  }
  return texts;
}

TEST(AddressFeed, TheAddressIsTheInterfacesOwn) {
  const std::vector<uint8_t> tunnel = Message(AF_INET, {10, 0, 0, 2}, {10, 0, 0, 1});
  EXPECT_EQ(Parsed(tunnel, tunnel.size()), Texts{"7 10.0.0.1"});
  std::vector<uint8_t> address(16);
  address[0] = 0xfd;
  address[15] = 9;
  const std::vector<uint8_t> v6 = Message(AF_INET6, address, {});
  EXPECT_EQ(Parsed(v6, v6.size()), Texts{"7 fd00::9"});
  // Of another family, or shorter than an address of that family.
  EXPECT_EQ(Parsed(Message(AF_MPLS, {10, 0, 0, 2}, {}), 16), Texts{});
  EXPECT_EQ(Parsed(Message(AF_INET6, {10, 0, 0, 2}, {}), 16), Texts{});
}

TEST(AddressFeed, ReadsNothingBeyondAMessageThatIsCutOff) {
  const std::vector<uint8_t> whole = Message(AF_INET, {10, 0, 0, 2}, {10, 0, 0, 1});
  for (size_t size = 0; size < whole.size(); ++size) {
    const bool first_is_whole = size >= 16;
    EXPECT_EQ(Parsed(whole, size), first_is_whole ? Texts{"7 10.0.0.2"} : Texts{}) << size;
  }
  std::vector<uint8_t> endless = whole;
  std::memset(endless.data() + sizeof(ifaddrmsg), 0, 2);  // an attribute of no length
  EXPECT_EQ(Parsed(endless, endless.size()), Texts{});
}

// An answer of one datagram to the request with that sequence number.
std::vector<uint8_t> Answer(uint32_t sequence, const std::vector<uint8_t>& address) {
  std::vector<uint8_t> bytes;
  const auto add = [&](uint16_t type, const std::vector<uint8_t>& body) {
    nlmsghdr header{};
    header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(body.size()));
    header.nlmsg_type = type;
    header.nlmsg_seq = sequence;
    const auto* const from = reinterpret_cast<const uint8_t*>(&header);
    bytes.insert(bytes.end(), from, from + sizeof(header));
    bytes.insert(bytes.end(), body.begin(), body.end());
  };
  add(RTM_NEWADDR, address);
  add(NLMSG_DONE, std::vector<uint8_t>(4));
  return bytes;
}

// As when another process holds the kernel's lock of network interfaces.
TEST(AddressFeed, AKernelThatDoesNotAnswerHoldsNothingUp) {
  int changes[2];
  int questions[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, changes), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, questions), 0);
  const sdk::UniqueFd change_sender(changes[1]);
  const sdk::UniqueFd kernel(questions[1]);
  sdk::Result<std::unique_ptr<AddressFeed>> feed =
      AddressFeed::Over(sdk::UniqueFd(changes[0]), sdk::UniqueFd(questions[0]));
  ASSERT_TRUE(feed.ok()) << feed.status().message();
  int answers = 0;
  const auto count = [&](const std::vector<InterfaceAddress>& all) {
    ++answers;
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].address.String(), "10.0.0.1");
  };
  EXPECT_EQ((*feed)->ReadInitial(count, std::chrono::milliseconds(0)).code(),
            WEIR_DEADLINE_EXCEEDED);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE((*feed)->Read(count).ok());
  EXPECT_EQ(answers, 0);

  const std::vector<uint8_t> address = Message(AF_INET, {10, 0, 0, 1}, {});
  const auto answer = [&] {
    nlmsghdr question{};
    EXPECT_GT(recv(kernel.get(), &question, sizeof(question), MSG_TRUNC), 0);
    const std::vector<uint8_t> bytes = Answer(question.nlmsg_seq, address);
    EXPECT_EQ(send(kernel.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    pollfd readable = {(*feed)->fd(), POLLIN, 0};
    EXPECT_EQ(poll(&readable, 1, 60'000), 1);
    EXPECT_TRUE((*feed)->Read(count).ok());
  };
  // A change in the meantime leads to another request after the answer.
  EXPECT_EQ(send(change_sender.get(), "x", 1, 0), 1);
  EXPECT_TRUE((*feed)->Read(count).ok());
  answer();
  EXPECT_EQ(answers, 1);
  EXPECT_TRUE((*feed)->Read(count).ok());
  answer();
  EXPECT_EQ(answers, 2);
  char ignored = 0;
  EXPECT_EQ(recv(kernel.get(), &ignored, 1, 0), -1) << "a question that nobody needs";
}

TEST(AddressFeed, TellsAllAddressesAtEachChange) {
  const sdk::testing::ScopedNetworkNamespace network;
  if (!network.ok()) GTEST_SKIP() << "SKIPPED: " << network.why_not();
  const auto ip = [](const std::string& command) {
    ASSERT_EQ(RunCommand({"sh", "-c", "ip " + command}), "");
  };
  ip("link add wa type bridge");
  ip("address add 10.1.0.1 peer 10.1.0.2 dev wa");
  sdk::Result<std::unique_ptr<AddressFeed>> feed = AddressFeed::Open();
  ASSERT_TRUE(feed.ok()) << feed.status().message();
  const auto read = [&] {
    Texts texts = {"no change"};
    const sdk::Status status = (*feed)->Read([&](const std::vector<InterfaceAddress>& all) {
      texts.clear();
      for (const InterfaceAddress& one : all) {
        if (one.if_index == if_nametoindex("wa")) texts.insert(one.address.String());
      }
    });
    EXPECT_TRUE(status.ok()) << status.message();
    return texts;
  };
  const auto changed = [&] {
    pollfd readable = {(*feed)->fd(), POLLIN, 0};
    EXPECT_EQ(poll(&readable, 1, 60'000), 1);
    return read();
  };
  EXPECT_EQ(read(), Texts{"10.1.0.1"});
  EXPECT_EQ(read(), Texts{"no change"});
  ip("address add 192.0.2.1/24 dev wa");
  EXPECT_EQ(changed(), (Texts{"10.1.0.1", "192.0.2.1"}));
  ip("address add fd00::1/64 dev wa nodad");
  EXPECT_EQ(changed(), (Texts{"10.1.0.1", "192.0.2.1", "fd00::1"}));
  // More messages than the queue holds.
  const int tiny = 1;  // the kernel makes it its minimum
  ASSERT_EQ(setsockopt((*feed)->changes_fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
  for (int i = 0; i < 30; ++i)
    ip("address add 192.0.2.9/24 dev wa; ip address del 192.0.2.9/24 dev wa");
  ip("address del 192.0.2.1/24 dev wa");
  EXPECT_EQ(changed(), (Texts{"10.1.0.1", "fd00::1"}));
}

}  // namespace
}  // namespace weir::ebpf
