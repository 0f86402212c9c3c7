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

// The code that says the same as `error`, a value of errno. EPERM is a missing privilege, and
// weir then ends with exit code 3. EACCES and EROFS are the state of a file or a mount.
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

// "<context>: <what the kernel says of error>". Thread-safe, unlike strerror.
inline Status ErrnoStatus(std::string_view context, int error) {
  std::string message(context);
  message.append(": ").append(std::generic_category().message(error));
  return {CodeOfErrno(error), std::move(message)};
}

// The same for a call on a file that the user named. Such a file is no part of the kernel, so
// the code is neither PERMISSION_DENIED nor UNIMPLEMENTED: EPERM is a file that is immutable,
// ENOSYS or EOPNOTSUPP its file system's.
inline Status FileErrnoStatus(std::string_view context, int error) {
  Status status = ErrnoStatus(context, error);
  std::string message = status.message();
  if (error == EFBIG) message.append(" (RLIMIT_FSIZE, `ulimit -f`, or that of the file system)");
  const bool is_of_kernel =
      status.code() == WEIR_PERMISSION_DENIED || status.code() == WEIR_UNIMPLEMENTED;
  return {is_of_kernel ? WEIR_FAILED_PRECONDITION : status.code(), std::move(message)};
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_ERRNO_STATUS_H_
