// SPDX-License-Identifier: Apache-2.0
// A failed system call as a Status: context in front, the kernel's words behind.
#ifndef WEIR_PLUGINS_SDK_ERRNO_STATUS_H_
#define WEIR_PLUGINS_SDK_ERRNO_STATUS_H_

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

// The code that says the same as `error`, a value of errno.
inline weir_code CodeOfErrno(int error) {
  switch (error) {
    case 0:
      return WEIR_OK;
    case EPERM:
    case EACCES:
    case EROFS:
      return WEIR_PERMISSION_DENIED;
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return WEIR_NOT_FOUND;
    case EEXIST:
    case EADDRINUSE:
      return WEIR_ALREADY_EXISTS;
    case EINVAL:
    case ENAMETOOLONG:
      return WEIR_INVALID_ARGUMENT;
    case EISDIR:
    case ENOTDIR:
    case EBUSY:
      return WEIR_FAILED_PRECONDITION;
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return WEIR_RESOURCE_EXHAUSTED;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
      return WEIR_UNIMPLEMENTED;
    case EPIPE:
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return WEIR_UNAVAILABLE;
    case ETIMEDOUT:
      return WEIR_DEADLINE_EXCEEDED;
    default:
      return WEIR_UNKNOWN;
  }
}

// "<context>: <what the kernel says of error>". Thread-safe, unlike strerror.
inline Status ErrnoStatus(std::string_view context, int error) {
  std::string message(context);
  message.append(": ").append(std::generic_category().message(error));
  return {CodeOfErrno(error), std::move(message)};
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_ERRNO_STATUS_H_
