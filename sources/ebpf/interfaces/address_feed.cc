// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/address_feed.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

namespace {

// What the kernel puts at most into one datagram of an answer.
constexpr size_t kBufferBytes = 32 * 1024;
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

sdk::Result<std::unique_ptr<AddressFeed>> AddressFeed::Over(sdk::UniqueFd changes,
                                                            sdk::UniqueFd questions) {
  std::unique_ptr<AddressFeed> feed(new AddressFeed());
  feed->changes_ = std::move(changes);
  feed->questions_ = std::move(questions);
  if (sdk::Status status = feed->WatchSockets(); !status.ok()) return status;
  return feed;
}

sdk::Status AddressFeed::OpenSockets() {
  changes_ = OpenSocket(SOCK_NONBLOCK);
  questions_ = OpenSocket(SOCK_NONBLOCK);
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
  if (connect(questions_.get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) != 0) {
    return sdk::ErrnoStatus(kContext, errno);
  }
  return WatchSockets();
}

sdk::Status AddressFeed::WatchSockets() {
  buffer_.resize(kBufferBytes);
  both_ = sdk::UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (both_.get() < 0) return sdk::ErrnoStatus("watch addresses of interfaces: epoll", errno);
  for (const int fd : {changes_.get(), questions_.get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll_ctl(both_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return sdk::ErrnoStatus("watch addresses of interfaces: epoll", errno);
    }
  }
  return sdk::OkStatus();
}

sdk::Status AddressFeed::Read(const Callback& on_addresses) {
  for (;;) {
    if (sdk::Status status = TakeChanges(); !status.ok()) return status;
    if (!asked_) {
      if (!changed_) return sdk::OkStatus();
      if (sdk::Status status = Ask(); !status.ok()) return status;
    }
    bool done = false;
    if (sdk::Status status = ReadAnswer(&done); !status.ok()) return status;
    if (!done) return sdk::OkStatus();  // the rest comes
    asked_ = false;
    // The kernel reports each change, so the question is asked again; but not without an end.
    if (interrupted_ && ++attempts_ < kMostAttempts) {
      changed_ = true;
      continue;
    }
    attempts_ = 0;
    answered_ = true;
    on_addresses(addresses_);
    // The answer to the next question makes fd() readable.
    return changed_ ? Ask() : sdk::OkStatus();
  }
}

sdk::Status AddressFeed::ReadInitial(const Callback& on_addresses,
                                     std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const sdk::Status status = Read(on_addresses);
    if (!status.ok() || answered_) return status;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return {WEIR_DEADLINE_EXCEEDED, absl::StrCat(kContext, ": the kernel did not answer")};
    }
    pollfd readable = {fd(), POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) {
      return sdk::ErrnoStatus("list addresses of interfaces: poll", errno);
    }
  }
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
  changed_ = false;
  asked_ = true;
  interrupted_ = false;
  addresses_.clear();
  return sdk::OkStatus();
}

sdk::Status AddressFeed::ReadAnswer(bool* done) {
  while (!*done) {
    const ssize_t size = recv(questions_.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return sdk::OkStatus();
    if (size < 0 && errno == ENOBUFS) {  // a part of it was lost
      interrupted_ = true;
      *done = true;
      return sdk::OkStatus();
    }
    if (size < 0) return sdk::ErrnoStatus("list addresses of interfaces: receive", errno);
    const sdk::Status status = Parse(static_cast<size_t>(size), done);
    if (!status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status AddressFeed::Parse(size_t size, bool* done) {
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
    if (header.nlmsg_flags & NLM_F_DUMP_INTR) interrupted_ = true;
    if (header.nlmsg_type == NLMSG_DONE) {
      *done = true;
    } else if (header.nlmsg_type == NLMSG_ERROR) {
      int32_t error = 0;
      if (body_size >= sizeof(error)) std::memcpy(&error, body, sizeof(error));
      // Another question, or a change, came in between.
      if (error != -EBUSY && error != -EINTR) return sdk::ErrnoStatus(kContext, -error);
      interrupted_ = true;
      *done = true;
    } else if (header.nlmsg_type == RTM_NEWADDR) {
      ParseAddress(body, body_size, &addresses_);
    }
  }
  return sdk::OkStatus();
}

}  // namespace weir::ebpf
