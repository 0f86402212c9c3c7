// SPDX-License-Identifier: Apache-2.0
// The clsact qdisc of an interface, which holds the filters if there is no TCX.
#ifndef WEIR_SOURCES_EBPF_ATTACH_CLSACT_QDISC_H_
#define WEIR_SOURCES_EBPF_ATTACH_CLSACT_QDISC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/clsact_filters.h"

namespace weir::ebpf {

// The qdisc of one interface; weir's filters there share it. For one thread at a time.
class ClsactQdisc {
 public:
  // Makes a clsact qdisc at `if_index` if there is none.
  static sdk::Result<std::shared_ptr<ClsactQdisc>> Ensure(uint32_t if_index);

  // Makes the qdisc again if it is gone. Returns true if it did.
  bool Restore();

  // Removes the qdisc if this object made it and it contains no filter.
  sdk::Status RemoveIfOursAndEmpty();

 private:
  ClsactQdisc(uint32_t if_index, bool created) : if_index_(if_index), created_(created) {}

  const uint32_t if_index_;
  bool created_;
};

// The qdiscs in use, by interface index. For one thread at a time.
class ClsactQdiscs {
 public:
  // Returns the qdisc of `if_index`. Makes it if it does not exist.
  sdk::Result<std::shared_ptr<ClsactQdisc>> Of(uint32_t if_index);

  // The claims of the filters' programs.
  ProgramClaims* claims() { return &claims_; }

 private:
  void ForgetUnused();

  static constexpr size_t kSmall = 64;

  ProgramClaims claims_;
  std::unordered_map<uint32_t, std::weak_ptr<ClsactQdisc>> known_;
  size_t forget_at_ = kSmall;  // at this size, unused entries are removed
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_CLSACT_QDISC_H_
