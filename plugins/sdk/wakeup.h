// SPDX-License-Identifier: Apache-2.0
// Ends the waiting of a thread in poll, from another thread: what Interrupt and Stop
// need.
#ifndef WEIR_PLUGINS_SDK_WAKEUP_H_
#define WEIR_PLUGINS_SDK_WAKEUP_H_

#include <sys/eventfd.h>

#include <cerrno>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::sdk {

// Open and Close on one thread, while no other uses it; Notify on any.
class Wakeup {
 public:
  Status Open() {
    fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return fd_.get() < 0 ? ErrnoStatus("make an eventfd", errno) : OkStatus();
  }
  void Close() { fd_ = UniqueFd(); }

  // Readable from the first Notify on. Owned by this; -1 where it is not open.
  int fd() const { return fd_.get(); }

  // Does nothing where it is not open.
  Status Notify() const {
    if (fd() < 0) return OkStatus();
    // EAGAIN: it would count too far, so that it is readable already.
    if (eventfd_write(fd(), 1) == 0 || errno == EAGAIN) return OkStatus();
    return ErrnoStatus("wake up a thread", errno);
  }

 private:
  UniqueFd fd_;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_WAKEUP_H_
