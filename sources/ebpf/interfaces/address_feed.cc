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
#include "plugins/sdk/netlink.h"

namespace weir::ebpf {

namespace {

// The largest datagram of an answer that the kernel sends.
constexpr size_t kBufferBytes = 32 * 1024;
constexpr int kMostAttempts = 5;

constexpr char kListContext[] = "list addresses of interfaces";
constexpr char kWatchContext[] = "watch addresses of interfaces";

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
  std::optional<IpAddr> local;  // if both are present, IFA_ADDRESS is the other end's
  std::optional<IpAddr> any;
  const auto on_attribute = [&](int type, const uint8_t* value, size_t length) {
    if (type == IFA_LOCAL) local = AddressOf(message.ifa_family, value, length);
    if (type == IFA_ADDRESS) any = AddressOf(message.ifa_family, value, length);
  };
  if (!sdk::ReadNetlinkBody(body, size, &message, on_attribute)) return;
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
  changes_ =
      sdk::UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (changes_.get() < 0) {
    return sdk::ErrnoStatus(absl::StrCat(kWatchContext, ": open netlink socket"), errno);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (bind(changes_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return sdk::ErrnoStatus(absl::StrCat(kWatchContext, ": bind netlink socket"), errno);
  }
  sdk::Result<sdk::UniqueFd> questions = sdk::OpenNetlink(SOCK_NONBLOCK, kListContext);
  if (!questions.ok()) return questions.status();
  questions_ = *std::move(questions);
  return WatchSockets();
}

sdk::Status AddressFeed::WatchSockets() {
  buffer_.resize(kBufferBytes);
  both_ = sdk::UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  if (both_.get() < 0) return sdk::ErrnoStatus(absl::StrCat(kWatchContext, ": epoll"), errno);
  for (const int fd : {changes_.get(), questions_.get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll_ctl(both_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return sdk::ErrnoStatus(absl::StrCat(kWatchContext, ": epoll"), errno);
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
    if (!done) return sdk::OkStatus();  // the rest will come
    asked_ = false;
    // The kernel reports each change, so the question is asked again; but not forever.
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
      return {WEIR_DEADLINE_EXCEEDED, absl::StrCat(kListContext, ": the kernel did not answer")};
    }
    pollfd readable = {fd(), POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) {
      return sdk::ErrnoStatus(absl::StrCat(kListContext, ": poll"), errno);
    }
  }
}

sdk::Status AddressFeed::TakeChanges() {
  for (;;) {
    const ssize_t size = recv(changes_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return sdk::OkStatus();
    if (size < 0 && errno == EINTR) continue;
    // ENOBUFS: so many messages came that some were lost.
    if (size < 0 && errno != ENOBUFS) {
      return sdk::ErrnoStatus(absl::StrCat(kWatchContext, ": receive"), errno);
    }
    changed_ = true;
  }
}

sdk::Status AddressFeed::Ask() {
  ifaddrmsg request{};
  request.ifa_family = AF_UNSPEC;
  const sdk::Status sent = sdk::SendNetlink(
      questions_.get(), {RTM_GETADDR, NLM_F_DUMP, ++sequence_}, request, kListContext);
  if (!sent.ok()) return sent;
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
    if (size < 0 && errno == ENOBUFS) {  // a part of the answer was lost
      interrupted_ = true;
      *done = true;
      return sdk::OkStatus();
    }
    if (size < 0) return sdk::ErrnoStatus(absl::StrCat(kListContext, ": receive"), errno);
    const sdk::Status status = Parse(static_cast<size_t>(size), done);
    if (!status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status AddressFeed::Parse(size_t size, bool* done) {
  size_t offset = 0;
  sdk::NetlinkMessage message;
  while (sdk::NextNetlinkMessage(buffer_.data(), size, &offset, &message)) {
    const nlmsghdr& header = message.header;
    if (header.nlmsg_seq != sequence_) continue;  // of an earlier question
    if (header.nlmsg_flags & NLM_F_DUMP_INTR) interrupted_ = true;
    if (header.nlmsg_type == NLMSG_DONE) {
      *done = true;
    } else if (header.nlmsg_type == NLMSG_ERROR) {
      // Another question or a change came in between.
      const int error = sdk::NetlinkErrorOf(message);
      if (error != EBUSY && error != EINTR) return sdk::ErrnoStatus(kListContext, error);
      interrupted_ = true;
      *done = true;
    } else if (header.nlmsg_type == RTM_NEWADDR) {
      ParseAddress(message.body, message.size, &addresses_);
    }
  }
  if (offset == size) return sdk::OkStatus();
  return {WEIR_INTERNAL, absl::StrCat(kListContext, ": malformed kernel message")};
}

}  // namespace weir::ebpf
