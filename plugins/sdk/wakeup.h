// SPDX-License-Identifier: Apache-2.0
// Ends a poll of another thread: what Interrupt of a component needs.
#ifndef WEIR_PLUGINS_SDK_WAKEUP_H_
#define WEIR_PLUGINS_SDK_WAKEUP_H_

#include <sys/eventfd.h>

#include <cerrno>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::sdk {

//   pollfd waits[] = {{input_fd, POLLIN, 0}, {wakeup.fd(), POLLIN, 0}};
//   poll(waits, 2, -1);  // in Run; returns after wakeup.Notify() in Interrupt
//
// Notify and fd: any thread. Open and Close: one thread, while no other thread uses the object.
class Wakeup {
 public:
  // Makes the eventfd. To be called in Start.
  Status Open() {
    fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return fd_.get() < 0 ? ErrnoStatus("make an eventfd", errno) : OkStatus();
  }
  void Close() { fd_ = UniqueFd(); }

  // The descriptor to poll, readable after the first Notify. Owned by this object; -1 if not open.
  int fd() const { return fd_.get(); }

  // Makes fd() readable for good. Does nothing if not open. Does not block.
  Status Notify() const {
    if (fd() < 0) return OkStatus();
    // EAGAIN: the counter is at its limit, so the descriptor is readable already.
    if (eventfd_write(fd(), 1) == 0 || errno == EAGAIN) return OkStatus();
    return ErrnoStatus("write to an eventfd", errno);
  }

 private:
  UniqueFd fd_;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_WAKEUP_H_
