// SPDX-License-Identifier: Apache-2.0
// The clsact qdisc of an interface, the place for filters where there is no TCX.
#ifndef WEIR_SOURCES_EBPF_ATTACH_CLSACT_QDISC_H_
#define WEIR_SOURCES_EBPF_ATTACH_CLSACT_QDISC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/clsact_filters.h"

namespace weir::ebpf {

// One thread at a time. Shared by the filters of weir on one interface.
class ClsactQdisc {
 public:
  // Makes sure that `if_index` has one.
  static sdk::Result<std::shared_ptr<ClsactQdisc>> Ensure(uint32_t if_index);

  // True: it was not there any more, and has been made anew.
  bool Restore();

  // Removes it, if this made it and no filter of anybody is left in it.
  sdk::Status RemoveIfOursAndEmpty();

 private:
  ClsactQdisc(uint32_t if_index, bool created) : if_index_(if_index), created_(created) {}

  const uint32_t if_index_;
  bool created_;
};

// The qdiscs in use, by interface index. One thread at a time.
class ClsactQdiscs {
 public:
  // That of `if_index`, which is made where it is not there.
  sdk::Result<std::shared_ptr<ClsactQdisc>> Of(uint32_t if_index);

  // Of the programs of the filters.
  ProgramClaims* claims() { return &claims_; }

 private:
  void ForgetUnused();

  static constexpr size_t kSmall = 64;

  ProgramClaims claims_;
  std::unordered_map<uint32_t, std::weak_ptr<ClsactQdisc>> known_;
  size_t forget_at_ = kSmall;  // so many of them are looked through for unused ones
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_CLSACT_QDISC_H_
