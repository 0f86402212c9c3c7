// SPDX-License-Identifier: Apache-2.0
// Makes a Status of errno: "context: text of the error".
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

// Returns the code for `error`, a value of errno. EPERM is PERMISSION_DENIED, with which weir ends
// with exit code 3. EACCES and EROFS are FAILED_PRECONDITION: the state of a file or a mount.
inline weir_code CodeOfErrno(int error) {
  switch (error) {
    case 0:
      return WEIR_OK;
    case EPERM:
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
    case EACCES:
    case EROFS:
    case EISDIR:
    case ENOTDIR:
    case EBUSY:
      return WEIR_FAILED_PRECONDITION;
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
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

// Returns "<context>: <text of `error`>" with its code. Thread-safe, unlike strerror.
inline Status ErrnoStatus(std::string_view context, int error) {
  std::string message(context);
  message.append(": ").append(std::generic_category().message(error));
  return {CodeOfErrno(error), std::move(message)};
}

// The same for a system call on a file that the user named. The code is never PERMISSION_DENIED or
// UNIMPLEMENTED, which mean the machine: here EPERM is an immutable file, and ENOSYS or EOPNOTSUPP
// come from its file system. They become FAILED_PRECONDITION.
inline Status FileErrnoStatus(std::string_view context, int error) {
  Status status = ErrnoStatus(context, error);
  std::string message = status.message();
  if (error == EFBIG)
    message.append(" (limit of `ulimit -f`, RLIMIT_FSIZE, or of the file system)");
  const bool is_of_kernel =
      status.code() == WEIR_PERMISSION_DENIED || status.code() == WEIR_UNIMPLEMENTED;
  return {is_of_kernel ? WEIR_FAILED_PRECONDITION : status.code(), std::move(message)};
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_ERRNO_STATUS_H_
