// SPDX-License-Identifier: Apache-2.0
// A program at a hook of an interface, and what puts it there, without libbpf, so that a
// fake can take its place.
#ifndef WEIR_SOURCES_EBPF_ATTACH_ATTACHMENT_H_
#define WEIR_SOURCES_EBPF_ATTACH_ATTACHMENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/attach_options.h"

namespace weir::ebpf {

// A program at one hook of one interface. One thread at a time.
class Attachment {
 public:
  // Detaches, where neither Detach nor Abandon was called.
  virtual ~Attachment() = default;
  // In what it differs from what was asked for, with the interface in front; else empty.
  const std::string& warning() const { return warning_; }
  // For who attaches.
  void AddWarning(const std::string& warning) {
    if (warning.empty()) return;
    warning_ += warning_.empty() ? warning : "; " + warning;
  }
  // Takes the program off the interface. Programs that run at this moment go on.
  virtual sdk::Status Detach() = 0;
  // The interface has gone from this network namespace, and the program perhaps with it:
  // touches nothing else of an interface that may have its index by now.
  virtual void Abandon() = 0;
  // False if it is known to be no longer where it was put: somebody else has taken it
  // off, or the interface has gone, though another one may have its index.
  virtual bool IsInPlace() = 0;
  // Of a kernel that persists: lets go of the program, which stays on the interface.
  virtual void Keep() = 0;

 protected:
  explicit Attachment(std::string warning = "") : warning_(std::move(warning)) {}

 private:
  std::string warning_;
};

// Programs that can be attached, loaded for the interfaces of one network namespace. One
// thread at a time.
class ProgramAttacher {
 public:
  virtual ~ProgramAttacher() = default;

  // In the network namespace of the calling thread. `direction` is WEIR_DIRECTION_*.
  // NOT_FOUND: the interface has gone meanwhile.
  virtual sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                          const AttachOptions& options) = 0;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_ATTACHMENT_H_
