// SPDX-License-Identifier: Apache-2.0
// A program at a hook of an interface, and the interface that attaches it. Does not use libbpf, so
// that a test can replace it with a fake.
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

// A program at one hook of one interface. For one thread at a time.
class Attachment {
 public:
  // Detaches, if neither Detach nor Abandon was called.
  virtual ~Attachment() = default;
  // How the attachment differs from the configured one, beginning with the interface. Empty if it
  // does not.
  const std::string& warning() const { return warning_; }
  // For the code that attaches.
  void AddWarning(const std::string& warning) {
    if (warning.empty()) return;
    warning_ += warning_.empty() ? warning : "; " + warning;
  }
  // Takes the program off the interface. Programs that are running at this moment continue.
  virtual sdk::Status Detach() = 0;
  // To be called when the interface has left this network namespace, perhaps together with the
  // program. Does not touch another interface that may have its index by now.
  virtual void Abandon() = 0;
  // Returns false if it is known that the program is no longer attached: somebody else has removed
  // it, or the interface is gone (another interface may have its index).
  virtual bool IsInPlace() = 0;
  // Only for a kernel that persists: releases the program, which stays on the interface.
  virtual void Keep() = 0;

 protected:
  explicit Attachment(std::string warning = "") : warning_(std::move(warning)) {}

 private:
  std::string warning_;
};

// Loaded programs that can be attached to the interfaces of one network namespace. For one thread
// at a time.
class ProgramAttacher {
 public:
  virtual ~ProgramAttacher() = default;

  // Attaches in the network namespace of the calling thread. `direction` is WEIR_DIRECTION_*.
  // Returns NOT_FOUND if the interface is gone by now.
  virtual sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                          const AttachOptions& options) = 0;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_ATTACHMENT_H_
