// SPDX-License-Identifier: Apache-2.0
// Tells a service manager that the program is ready or stopping, by systemd's protocol: datagrams
// of "NAME=VALUE" lines to the socket that the manager names in NOTIFY_SOCKET (sd_notify(3)).
#ifndef WEIR_TOOLS_WEIR_SERVICE_NOTIFICATION_H_
#define WEIR_TOOLS_WEIR_SERVICE_NOTIFICATION_H_

#include <sys/socket.h>
#include <sys/un.h>

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir {

// A value: copies notify the same socket. Any thread.
class ServiceNotification {
 public:
  // Reads NOTIFY_SOCKET of the environment. If it is not set, there is no service manager, and
  // sending does nothing.
  static absl::StatusOr<ServiceNotification> FromEnvironment();

  // `address` is the path of a socket, or "@NAME" for NAME in the abstract namespace.
  // INVALID_ARGUMENT if it is neither, or too long for the address of a socket.
  static absl::StatusOr<ServiceNotification> ForSocket(std::string_view address);

  // Sends READY=1, and `status` for the status line of `systemctl status`.
  absl::Status SendReady(std::string_view status) const;

  // Sends STOPPING=1 and `status`.
  absl::Status SendStopping(std::string_view status) const;

 private:
  ServiceNotification() = default;
  absl::Status Send(std::string_view state, std::string_view status) const;

  sockaddr_un address_ = {};
  socklen_t address_bytes_ = 0;  // 0: no service manager
};

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_SERVICE_NOTIFICATION_H_
