// SPDX-License-Identifier: Apache-2.0
// The clsact qdisc of an interface, the place for filters where there is no TCX.
#ifndef WEIR_SOURCES_EBPF_CLSACT_QDISC_H_
#define WEIR_SOURCES_EBPF_CLSACT_QDISC_H_

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "plugins/sdk/status.h"

namespace weir::ebpf {

// One thread at a time. Shared by the filters of weir on one interface.
class ClsactQdisc {
 public:
  // Makes sure that `if_index` has one.
  static sdk::Result<std::shared_ptr<ClsactQdisc>> Ensure(uint32_t if_index);

  // Removes it, if this made it and no filter of anybody is left in it.
  sdk::Status RemoveIfOursAndEmpty();

 private:
  ClsactQdisc(uint32_t if_index, bool created) : if_index_(if_index), created_(created) {}

  const uint32_t if_index_;
  bool created_;
};

// The qdiscs in use by interface index. One thread at a time.
using ClsactQdiscs = std::unordered_map<uint32_t, std::weak_ptr<ClsactQdisc>>;

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_CLSACT_QDISC_H_
