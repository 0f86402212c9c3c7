// SPDX-License-Identifier: Apache-2.0
// Linux capabilities (capabilities(7)): the parts of root's privileges, which each thread has.
#ifndef WEIR_TOOLS_WEIR_CAPABILITIES_H_
#define WEIR_TOOLS_WEIR_CAPABILITIES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir {

// Bits 1 << CAP_x. A value.
class CapabilitySet {
 public:
  CapabilitySet() = default;
  explicit CapabilitySet(uint64_t bits) : bits_(bits) {}

  uint64_t bits() const { return bits_; }
  bool empty() const { return bits_ == 0; }
  // "CAP_BPF, CAP_NET_ADMIN", from the lowest number.
  std::string ToString() const;

 private:
  uint64_t bits_ = 0;
};

// Takes `capabilities` from the calling thread and from all threads that it makes later. Returns
// those that the thread had. FAILED_PRECONDITION if another thread has one of them, because that
// thread keeps it; then nothing is changed.
absl::StatusOr<CapabilitySet> GiveUpCapabilities(const CapabilitySet& capabilities);

// Takes all capabilities from the calling thread and from all threads that it makes later.
absl::Status GiveUpAllCapabilitiesOfThread();

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_CAPABILITIES_H_
