// SPDX-License-Identifier: Apache-2.0
// Watches the network interfaces of one network namespace through rtnetlink(7): reports each one
// that exists, appears, changes its name or state, or goes. For sources that attach to interfaces,
// and for transforms that name them. Needs no privilege.
#ifndef WEIR_PLUGINS_SDK_LINK_MONITOR_H_
#define WEIR_PLUGINS_SDK_LINK_MONITOR_H_

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/netlink.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::sdk {

// The kernel's packet counters of an interface, since the interface was made. A move to another
// network namespace does not change them.
struct LinkCounters {
  uint64_t rx_packets = 0;
  uint64_t tx_packets = 0;
};

// A network interface.
struct Link {
  uint32_t if_index = 0;
  std::string name;
  uint16_t hardware_type = 0;  // ARPHRD_* of linux/if_arp.h
  bool up = false;             // administratively up (IFF_UP)
  // The counters in the message that reports the change or the end of the link; not part of its
  // state. Unset if the link comes from a list of all links, or while such a list is awaited.
  std::optional<LinkCounters> counters = std::nullopt;

  friend bool operator==(const Link& a, const Link& b) {
    return a.if_index == b.if_index && a.name == b.name && a.hardware_type == b.hardware_type &&
           a.up == b.up;
  }
  friend bool operator!=(const Link& a, const Link& b) { return !(a == b); }
};

// Keeps the present links and reports each difference once. If the kernel drops messages because
// the queue of the socket is full, the monitor asks for all links again. It then misses only a link
// that went and came back unchanged, under the same index.
//
// One thread at a time. Watches the network namespace of the thread that calls Open.
class LinkMonitor {
 public:
  // Read calls it; it must not call Read.
  using Callback = std::function<void(const Link&)>;

  // Opens the socket and asks for all links. Read reports them.
  static Result<std::unique_ptr<LinkMonitor>> Open() {
    std::unique_ptr<LinkMonitor> monitor(new LinkMonitor());
    Status status = monitor->OpenSocket();
    if (status.ok()) status = monitor->StartDump();
    if (!status.ok()) return status;
    return monitor;
  }

  LinkMonitor(const LinkMonitor&) = delete;
  LinkMonitor& operator=(const LinkMonitor&) = delete;

  // The descriptor to poll: readable if Read has something to do. Owned by the monitor.
  int fd() const { return fd_.get(); }

  // Handles all pending messages; does not block. `on_present` gets each link that is new or has
  // changed since it was reported. `on_gone` gets each link that has gone, in its last state. After
  // an error the monitor cannot be used again.
  Status Read(const Callback& on_present, const Callback& on_gone) {
    for (;;) {
      bool received = false;
      const Status status = ReceiveOne(on_present, on_gone, &received);
      if (!status.ok() || !received) return status;
    }
  }

  // Like Read, but blocks until all links that existed at Open, or at the last loss of messages,
  // are reported. Returns DEADLINE_EXCEEDED after `timeout`.
  Status ReadInitial(const Callback& on_present, const Callback& on_gone,
                     std::chrono::milliseconds timeout = std::chrono::seconds(5)) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
      const Status status = Read(on_present, on_gone);
      if (!status.ok() || Synchronized()) return status;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) {
        return {WEIR_DEADLINE_EXCEEDED, "list network interfaces: the kernel did not answer"};
      }
      pollfd readable = {fd(), POLLIN, 0};
      if (poll(&readable, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) {
        return ErrnoStatus("list network interfaces: poll", errno);
      }
    }
  }

  // True if all links are reported and no message is known to be lost.
  bool Synchronized() const { return !dumping_ && !dump_again_; }

  // Reads the body of an RTM_NEWLINK or RTM_DELLINK message, of `size` bytes. Returns false if the
  // message is not about the interface itself: a bridge sends the same types about its ports, and a
  // port that leaves a bridge still exists.
  static bool ParseLink(const uint8_t* body, size_t size, Link* link) {
    ifinfomsg info;
    const auto on_attribute = [link](int type, const uint8_t* value, size_t length) {
      if (type == IFLA_IFNAME) {
        const char* const name = reinterpret_cast<const char*>(value);
        link->name.assign(name, strnlen(name, length));
      } else if (type == IFLA_STATS64) {
        link->counters = ParseCounters(value, length);
      }
    };
    if (!ReadNetlinkBody(body, size, &info, on_attribute)) return false;
    if (info.ifi_family != AF_UNSPEC || info.ifi_index <= 0) return false;
    link->if_index = static_cast<uint32_t>(info.ifi_index);
    link->hardware_type = info.ifi_type;
    link->up = (info.ifi_flags & IFF_UP) != 0;
    return true;
  }

 private:
  struct Entry {
    Link link;
    uint32_t seen_in = 0;  // sequence number of the dump during which it was last seen
  };

  // The size of a message has no documented bound. The buffer grows from the first of these sizes
  // up to the second.
  static constexpr size_t kInitialBufferBytes = 64 * 1024;
  static constexpr size_t kMaxBufferBytes = 4 * 1024 * 1024;
  static constexpr int kReceiveQueueBytes = 8 * 1024 * 1024;

  LinkMonitor() : buffer_(kInitialBufferBytes) {}

  Status OpenSocket() {
    fd_ = UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (fd() < 0) return ErrnoStatus("watch network interfaces: open netlink socket", errno);
    // Without CAP_NET_ADMIN, net.core.rmem_max limits the queue; a lost message costs a new list.
    if (setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveQueueBytes,
                   sizeof(kReceiveQueueBytes)) != 0 &&
        setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &kReceiveQueueBytes, sizeof(kReceiveQueueBytes)) !=
            0) {
      return ErrnoStatus("watch network interfaces: enlarge receive queue", errno);
    }
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK;
    if (bind(fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      return ErrnoStatus("watch network interfaces: bind netlink socket", errno);
    }
    return OkStatus();
  }

  Status StartDump() {
    struct {
      ifinfomsg link;
      rtattr mask_header;
      uint32_t mask;
    } request{};
    request.link.ifi_family = AF_UNSPEC;
    request.mask_header.rta_type = IFLA_EXT_MASK;
    request.mask_header.rta_len = RTA_LENGTH(sizeof(request.mask));
    request.mask = RTEXT_FILTER_SKIP_STATS;
    const Status sent = SendNetlink(fd(), {RTM_GETLINK, NLM_F_DUMP, ++sequence_}, request,
                                    "list network interfaces");
    if (!sent.ok()) return sent;
    dumping_ = true;
    dump_again_ = false;
    return OkStatus();
  }

  Status ReceiveOne(const Callback& on_present, const Callback& on_gone, bool* received) {
    sockaddr_nl sender{};
    iovec piece = {buffer_.data(), buffer_.size()};
    msghdr message{};
    message.msg_name = &sender;
    message.msg_namelen = sizeof(sender);
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    const ssize_t size = recvmsg(fd(), &message, MSG_TRUNC);
    if (size < 0) return HandleReceiveError(errno, received);
    *received = true;
    // Any process may send to this socket: accept only messages of the kernel.
    if (message.msg_namelen < sizeof(sender) || sender.nl_pid != 0) return OkStatus();
    if (message.msg_flags & MSG_TRUNC) return GrowBuffer(static_cast<size_t>(size));
    return Parse(static_cast<size_t>(size), on_present, on_gone);
  }

  // When its queue is full, the kernel reports this once (ENOBUFS) and drops further messages until
  // the queue is empty. Only then ask for all links again, or later changes would be missed.
  Status HandleReceiveError(int error, bool* received) {
    const bool empty = error == EAGAIN || error == EWOULDBLOCK;
    if (empty && (dumping_ || !dump_again_)) return OkStatus();
    *received = true;
    if (empty) return StartDump();
    if (error == EINTR) return OkStatus();
    if (error != ENOBUFS) return ErrnoStatus("watch network interfaces: receive", error);
    dump_again_ = true;
    return OkStatus();
  }

  Status GrowBuffer(size_t needed) {
    if (needed > kMaxBufferBytes) {
      return {WEIR_RESOURCE_EXHAUSTED, "watch network interfaces: a message of the kernel has " +
                                           std::to_string(needed) + " bytes, the limit is " +
                                           std::to_string(kMaxBufferBytes)};
    }
    // The truncated message may have been the end of a dump.
    buffer_.resize(needed);
    dumping_ = false;
    dump_again_ = true;
    return OkStatus();
  }

  // All messages of one datagram.
  Status Parse(size_t size, const Callback& on_present, const Callback& on_gone) {
    size_t offset = 0;
    NetlinkMessage message;
    while (NextNetlinkMessage(buffer_.data(), size, &offset, &message)) {
      const Status status = Handle(message, on_present, on_gone);
      if (!status.ok()) return status;
    }
    if (offset == size) return OkStatus();
    return {WEIR_INTERNAL, "watch network interfaces: the kernel sent a malformed message"};
  }

  Status Handle(const NetlinkMessage& message, const Callback& on_present,
                const Callback& on_gone) {
    const nlmsghdr& header = message.header;
    const bool of_dump = dumping_ && header.nlmsg_seq == sequence_;
    if (of_dump && (header.nlmsg_flags & NLM_F_DUMP_INTR)) dump_again_ = true;
    switch (header.nlmsg_type) {
      case NLMSG_DONE:
        return of_dump ? EndDump(on_gone) : OkStatus();
      case NLMSG_ERROR:
        return of_dump ? FailDump(NetlinkErrorOf(message)) : OkStatus();
      case RTM_NEWLINK:
      case RTM_DELLINK: {
        Link link;
        if (!ParseLink(message.body, message.size, &link)) return OkStatus();
        if (!Synchronized()) link.counters.reset();
        Apply(header.nlmsg_type, link, on_present, on_gone);
        return OkStatus();
      }
      default:
        return OkStatus();
    }
  }

  Status EndDump(const Callback& on_gone) {
    dumping_ = false;
    if (dump_again_) return OkStatus();  // incomplete: an absent link may still exist
    for (auto entry = links_.begin(); entry != links_.end();) {
      if (entry->second.seen_in == sequence_) {
        ++entry;
        continue;
      }
      Link gone = std::move(entry->second.link);
      gone.counters.reset();
      entry = links_.erase(entry);
      on_gone(gone);
    }
    return OkStatus();
  }

  Status FailDump(int error) {
    dumping_ = false;
    dump_again_ = error == EBUSY || error == EINTR;
    if (dump_again_) return OkStatus();
    return ErrnoStatus("list network interfaces", error);
  }

  static std::optional<LinkCounters> ParseCounters(const uint8_t* value, size_t size) {
    rtnl_link_stats64 statistics{};
    constexpr size_t kNeeded = offsetof(rtnl_link_stats64, tx_packets) + sizeof(uint64_t);
    if (size < kNeeded) return std::nullopt;
    std::memcpy(&statistics, value, std::min(size, sizeof(statistics)));
    return LinkCounters{statistics.rx_packets, statistics.tx_packets};
  }

  void Apply(uint16_t type, const Link& link, const Callback& on_present, const Callback& on_gone) {
    const auto known = links_.find(link.if_index);
    if (type == RTM_DELLINK) {
      if (known == links_.end()) return;
      Link gone = std::move(known->second.link);
      gone.counters = link.counters;
      links_.erase(known);
      on_gone(gone);
      return;
    }
    if (link.name.empty()) return;  // not the full state of a link
    Entry& entry = known != links_.end() ? known->second : links_[link.if_index];
    // A link that appears during a dump may be missing in it.
    entry.seen_in = sequence_;
    if (entry.link == link) return;
    entry.link = link;
    on_present(link);
  }

  UniqueFd fd_;
  uint32_t sequence_ = 0;
  bool dumping_ = false;     // dump number sequence_ has not ended
  bool dump_again_ = false;  // messages were lost: another dump is needed
  std::vector<uint8_t> buffer_;
  std::unordered_map<uint32_t, Entry> links_;  // by if_index
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_LINK_MONITOR_H_
