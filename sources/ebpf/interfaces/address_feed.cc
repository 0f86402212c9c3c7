// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/address_feed.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

namespace {

// What the kernel puts at most into one datagram of an answer.
constexpr size_t kBufferBytes = 32 * 1024;
// The kernel answers at once, but for what holds its lock.
constexpr timeval kPatience = {5, 0};
constexpr int kMostAttempts = 5;

constexpr char kContext[] = "list addresses of interfaces";

sdk::UniqueFd OpenSocket(int flags) {
  return sdk::UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE));
}

std::optional<IpAddr> AddressOf(uint8_t family, const uint8_t* bytes, size_t size) {
  IpAddr address = IpAddr::FromV4(0);
  if (family == AF_INET && size >= 4) {
    std::memcpy(address.bytes.data() + 12, bytes, 4);
    return address;
  }
  if (family == AF_INET6 && size >= kIpLength) return IpAddr::FromBytes(bytes);
  return std::nullopt;
}

}  // namespace

void ParseAddress(const uint8_t* body, size_t size, std::vector<InterfaceAddress>* addresses) {
  ifaddrmsg message;
  if (size < sizeof(message)) return;
  std::memcpy(&message, body, sizeof(message));
  std::optional<IpAddr> local;  // where there are both, the other is the far end's
  std::optional<IpAddr> any;
  size_t offset = NLMSG_ALIGN(sizeof(message));
  while (size > offset && size - offset >= sizeof(rtattr)) {
    rtattr attribute;
    std::memcpy(&attribute, body + offset, sizeof(attribute));
    if (attribute.rta_len < RTA_LENGTH(0) || attribute.rta_len > size - offset) break;
    const uint8_t* const value = body + offset + RTA_LENGTH(0);
    const size_t length = attribute.rta_len - RTA_LENGTH(0);
    if (attribute.rta_type == IFA_LOCAL) local = AddressOf(message.ifa_family, value, length);
    if (attribute.rta_type == IFA_ADDRESS) any = AddressOf(message.ifa_family, value, length);
    offset += RTA_ALIGN(attribute.rta_len);
  }
  if (!local) local = any;
  if (local) addresses->push_back({message.ifa_index, *local});
}

sdk::Result<std::unique_ptr<AddressFeed>> AddressFeed::Open() {
  std::unique_ptr<AddressFeed> feed(new AddressFeed());
  if (sdk::Status status = feed->OpenSockets(); !status.ok()) return status;
  return feed;
}

sdk::Status AddressFeed::OpenSockets() {
  buffer_.resize(kBufferBytes);
  changes_ = OpenSocket(SOCK_NONBLOCK);
  questions_ = OpenSocket(0);
  if (changes_.get() < 0 || questions_.get() < 0) {
    return sdk::ErrnoStatus("watch addresses of interfaces: open netlink socket", errno);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (bind(changes_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return sdk::ErrnoStatus("watch addresses of interfaces: bind netlink socket", errno);
  }
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (connect(questions_.get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) != 0 ||
      setsockopt(questions_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience)) != 0) {
    return sdk::ErrnoStatus(kContext, errno);
  }
  return sdk::OkStatus();
}

sdk::Status AddressFeed::Read(const Callback& on_addresses) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (sdk::Status status = TakeChanges(); !status.ok()) return status;
    if (!changed_) return sdk::OkStatus();
    std::vector<InterfaceAddress> addresses;
    bool interrupted = false;
    sdk::Status status = Ask();
    if (status.ok()) status = ReadAnswer(&addresses, &interrupted);
    if (!status.ok()) return status;
    // What changes is said, so that it will be asked again; but not without an end here.
    if (interrupted && attempt + 1 < kMostAttempts) continue;
    changed_ = false;
    on_addresses(addresses);
  }
  return sdk::OkStatus();
}

sdk::Status AddressFeed::TakeChanges() {
  for (;;) {
    const ssize_t size = recv(changes_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return sdk::OkStatus();
    if (size < 0 && errno == EINTR) continue;
    // ENOBUFS: there were so many that some were lost.
    if (size < 0 && errno != ENOBUFS) {
      return sdk::ErrnoStatus("watch addresses of interfaces: receive", errno);
    }
    changed_ = true;
  }
}

sdk::Status AddressFeed::Ask() {
  struct {
    nlmsghdr header;
    ifaddrmsg address;
  } request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETADDR;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = ++sequence_;
  request.address.ifa_family = AF_UNSPEC;
  if (send(questions_.get(), &request, sizeof(request), 0) != sizeof(request)) {
    return sdk::ErrnoStatus("list addresses of interfaces: send", errno);
  }
  return sdk::OkStatus();
}

sdk::Status AddressFeed::ReadAnswer(std::vector<InterfaceAddress>* addresses, bool* interrupted) {
  bool done = false;
  while (!done) {
    const ssize_t size = recv(questions_.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return sdk::ErrnoStatus("list addresses of interfaces: receive", errno);
    const sdk::Status status = Parse(static_cast<size_t>(size), addresses, interrupted, &done);
    if (!status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status AddressFeed::Parse(size_t size, std::vector<InterfaceAddress>* addresses,
                               bool* interrupted, bool* done) const {
  size_t offset = 0;
  while (size - offset >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    std::memcpy(&header, buffer_.data() + offset, sizeof(header));
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size - offset) {
      return {WEIR_INTERNAL, "list addresses of interfaces: malformed message of the kernel"};
    }
    const uint8_t* const body = buffer_.data() + offset + NLMSG_HDRLEN;
    const size_t body_size = header.nlmsg_len - NLMSG_HDRLEN;
    offset = std::min<size_t>(size, offset + NLMSG_ALIGN(header.nlmsg_len));
    if (header.nlmsg_seq != sequence_) continue;  // of a question before
    if (header.nlmsg_flags & NLM_F_DUMP_INTR) *interrupted = true;
    if (header.nlmsg_type == NLMSG_DONE) {
      *done = true;
    } else if (header.nlmsg_type == NLMSG_ERROR) {
      int32_t error = 0;
      if (body_size >= sizeof(error)) std::memcpy(&error, body, sizeof(error));
      return sdk::ErrnoStatus(kContext, -error);
    } else if (header.nlmsg_type == RTM_NEWADDR) {
      ParseAddress(body, body_size, addresses);
    }
  }
  return sdk::OkStatus();
}

}  // namespace weir::ebpf
