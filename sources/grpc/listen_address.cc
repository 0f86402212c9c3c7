// SPDX-License-Identifier: Apache-2.0
#include "sources/grpc/listen_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::sources {
namespace {

// Returns 0 or the errno.
int Bind(const addrinfo& address) {
  const sdk::UniqueFd fd(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  if (fd.get() < 0) return errno;
  // As gRPC does. A port with old connections of a server that has ended is free; the port of a
  // running server is not.
  const int on = 1;
  if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) return errno;
  return bind(fd.get(), address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
}

}  // namespace

sdk::Status CheckListen(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const std::string context = "listen at " + listen;
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = colon == std::string::npos ? "" : listen.substr(colon + 1);
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &list); error != 0) {
    return {WEIR_NOT_FOUND, context + ": " + gai_strerror(error)};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  int first_error = 0;
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    const int error = Bind(*address);
    if (error == 0) return sdk::OkStatus();
    if (first_error == 0) first_error = error;
  }
  return sdk::ErrnoStatus(context, first_error);
}

}  // namespace weir::sources
