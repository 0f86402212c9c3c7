// SPDX-License-Identifier: Apache-2.0
// Requests to the kernel by netlink (rtnetlink), and the messages and attributes of its answers.
//
// Stateless functions: call them from any thread.
#ifndef WEIR_PLUGINS_SDK_NETLINK_H_
#define WEIR_PLUGINS_SDK_NETLINK_H_

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::sdk {

// Opens a socket that exchanges messages only with the kernel, in the network namespace of the
// calling thread. `flags` are SOCK_*. Errors begin with `context`.
inline Result<UniqueFd> OpenNetlink(int flags, std::string_view context) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE));
  if (fd.get() < 0) return ErrnoStatus(std::string(context) + ": open netlink socket", errno);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  // A connected socket receives no messages of other processes.
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) != 0) {
    return ErrnoStatus(std::string(context) + ": connect netlink socket", errno);
  }
  return fd;
}

// The fields of a request's header that callers choose.
struct NetlinkRequest {
  uint16_t type;       // RTM_GET*
  uint16_t flags = 0;  // NLM_F_*, in addition to NLM_F_REQUEST
  uint32_t sequence = 0;
};

// Sends a request with `body`, a struct without a pointer. Errors begin with `context`.
template <typename Body>
Status SendNetlink(int fd, const NetlinkRequest& request, const Body& body,
                   std::string_view context) {
  struct {
    nlmsghdr header;
    Body body;
  } message{};
  message.header.nlmsg_len = sizeof(message);
  message.header.nlmsg_type = request.type;
  message.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | request.flags);
  message.header.nlmsg_seq = request.sequence;
  message.body = body;
  ssize_t sent;
  do {
    sent = send(fd, &message, sizeof(message), 0);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return ErrnoStatus(std::string(context) + ": send request", errno);
  if (sent == sizeof(message)) return OkStatus();
  return {WEIR_INTERNAL, std::string(context) + ": the request was only sent in part"};
}

// One message of a datagram. `body` points into the datagram.
struct NetlinkMessage {
  nlmsghdr header = {};
  const uint8_t* body = nullptr;
  size_t size = 0;  // of `body`, in bytes
};

// Takes the message at `*offset` of a datagram of `size` bytes and moves `*offset` to the next
// one. Returns false at the end, where `*offset` is `size`, and at a malformed message.
inline bool NextNetlinkMessage(const uint8_t* datagram, size_t size, size_t* offset,
                               NetlinkMessage* message) {
  const size_t left = size - *offset;
  nlmsghdr& header = message->header;
  if (left < sizeof(header)) return false;
  std::memcpy(&header, datagram + *offset, sizeof(header));
  if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > left) return false;
  message->body = datagram + *offset + NLMSG_HDRLEN;
  message->size = header.nlmsg_len - NLMSG_HDRLEN;
  *offset += std::min<size_t>(left, NLMSG_ALIGN(header.nlmsg_len));
  return true;
}

// Returns the errno in an NLMSG_ERROR; 0 if the message has none.
inline int NetlinkErrorOf(const NetlinkMessage& message) {
  int32_t error = 0;
  if (message.size >= sizeof(error)) std::memcpy(&error, message.body, sizeof(error));
  return -error;
}

// Calls `on_attribute(type, value, size)` for each attribute in `size` bytes, up to a malformed
// one. `type` comes without NLA_F_* flags.
template <typename OnAttribute>
void ForEachNetlinkAttribute(const uint8_t* bytes, size_t size, const OnAttribute& on_attribute) {
  size_t offset = 0;
  while (size > offset && size - offset >= sizeof(rtattr)) {
    rtattr attribute;
    std::memcpy(&attribute, bytes + offset, sizeof(attribute));
    if (attribute.rta_len < RTA_LENGTH(0) || attribute.rta_len > size - offset) return;
    on_attribute(attribute.rta_type & NLA_TYPE_MASK, bytes + offset + RTA_LENGTH(0),
                 size_t{attribute.rta_len} - RTA_LENGTH(0));
    offset += RTA_ALIGN(attribute.rta_len);
  }
}

// The same for the attributes after a `Body` in a message of `size` bytes. Returns false, with
// nothing done, if the message is too short for a `Body`.
template <typename Body, typename OnAttribute>
bool ReadNetlinkBody(const uint8_t* bytes, size_t size, Body* body,
                     const OnAttribute& on_attribute) {
  if (size < sizeof(*body)) return false;
  std::memcpy(body, bytes, sizeof(*body));
  const size_t offset = std::min(size, size_t{NLMSG_ALIGN(sizeof(*body))});
  ForEachNetlinkAttribute(bytes + offset, size - offset, on_attribute);
  return true;
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_NETLINK_H_
