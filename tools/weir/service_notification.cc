// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/service_notification.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "plugins/sdk/unique_fd.h"

namespace weir {

absl::StatusOr<ServiceNotification> ServiceNotification::FromEnvironment() {
  const char* const address = std::getenv("NOTIFY_SOCKET");
  if (address == nullptr || *address == '\0') return ServiceNotification();
  return ForSocket(address);
}

absl::StatusOr<ServiceNotification> ServiceNotification::ForSocket(std::string_view address) {
  // The third form, vsock:, is for a manager outside a virtual machine.
  if (address.size() < 2 || (address[0] != '/' && address[0] != '@')) {
    return absl::InvalidArgumentError(absl::StrCat(
        "NOTIFY_SOCKET is '", address, "', which is neither an absolute path nor @NAME"));
  }
  ServiceNotification notification;
  notification.address_.sun_family = AF_UNIX;
  // A path may fill sun_path without a NUL at its end: the kernel uses the length.
  if (address.size() > sizeof(notification.address_.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("NOTIFY_SOCKET is '", address, "', longer than ",
                                                   sizeof(notification.address_.sun_path),
                                                   " bytes"));
  }
  std::memcpy(notification.address_.sun_path, address.data(), address.size());
  if (address[0] == '@') notification.address_.sun_path[0] = '\0';
  notification.address_bytes_ =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  return notification;
}

absl::Status ServiceNotification::SendReady(std::string_view status) const {
  return Send("READY=1", status);
}

absl::Status ServiceNotification::SendStopping(std::string_view status) const {
  return Send("STOPPING=1", status);
}

absl::Status ServiceNotification::Send(std::string_view state, std::string_view status) const {
  if (address_bytes_ == 0) return absl::OkStatus();
  // A newline in the status would begin another assignment.
  const std::string message =
      absl::StrCat(state, "\nSTATUS=", absl::StrReplaceAll(status, {{"\n", " "}}));
  const sdk::UniqueFd socket_fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket_fd.get() < 0) {
    return absl::ErrnoToStatus(errno, "make a socket to notify the service manager");
  }
  const ssize_t sent = sendto(socket_fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address_), address_bytes_);
  if (sent < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("notify the service manager of ", state));
  }
  return absl::OkStatus();
}

}  // namespace weir
