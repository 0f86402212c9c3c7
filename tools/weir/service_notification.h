// SPDX-License-Identifier: Apache-2.0
// Tells a service manager how far the program is, by systemd's readiness protocol:
// datagrams of "NAME=VALUE" lines to the socket that the manager names in
// NOTIFY_SOCKET (sd_notify(3)).
#ifndef WEIR_TOOLS_WEIR_SERVICE_NOTIFICATION_H_
#define WEIR_TOOLS_WEIR_SERVICE_NOTIFICATION_H_

#include <sys/socket.h>
#include <sys/un.h>

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir {

// Copies say the same to the same socket; may be used from any thread.
class ServiceNotification {
 public:
  // By NOTIFY_SOCKET of the environment. Where it is not set nobody waits for news,
  // and sending does nothing.
  static absl::StatusOr<ServiceNotification> FromEnvironment();

  // `address` is the path of a socket, or "@NAME" for NAME in the abstract namespace.
  // INVALID_ARGUMENT if it is neither, or too long for a socket's address.
  static absl::StatusOr<ServiceNotification> ForSocket(std::string_view address);

  // READY=1, and `status` as the line that `systemctl status` shows.
  absl::Status SendReady(std::string_view status) const;

  // STOPPING=1, likewise.
  absl::Status SendStopping(std::string_view status) const;

 private:
  ServiceNotification() = default;
  absl::Status Send(std::string_view state, std::string_view status) const;

  sockaddr_un address_ = {};
  socklen_t address_bytes_ = 0;  // 0: there is nobody to tell
};

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_SERVICE_NOTIFICATION_H_
