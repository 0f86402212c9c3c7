// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/attach/clsact_qdisc.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/attach/clsact_filters.h"
#include "sources/ebpf/kernel/libbpf_options.h"

namespace weir::ebpf {

namespace {

// Both sides of an interface.
void SetHook(uint32_t if_index, bpf_tc_hook* hook) {
  hook->ifindex = static_cast<int>(if_index);
  hook->attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
}

}  // namespace

sdk::Result<std::shared_ptr<ClsactQdisc>> ClsactQdisc::Ensure(uint32_t if_index) {
  LibbpfOptions<bpf_tc_hook> hook;
  SetHook(if_index, hook.get());
  const int error = -bpf_tc_hook_create(hook.get());
  if (error != 0 && error != EEXIST) return sdk::ErrnoStatus("add qdisc clsact", error);
  return std::shared_ptr<ClsactQdisc>(new ClsactQdisc(if_index, error == 0));
}

bool ClsactQdisc::Restore() {
  LibbpfOptions<bpf_tc_hook> hook;
  SetHook(if_index_, hook.get());
  if (bpf_tc_hook_create(hook.get()) != 0) return false;
  created_ = true;
  return true;
}

sdk::Status ClsactQdisc::RemoveIfOursAndEmpty() {
  if (!created_) return sdk::OkStatus();
  created_ = false;
  for (const uint8_t direction : {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS}) {
    sdk::Result<std::vector<ClsactFilter>> others = ListClsactFilters(if_index_, direction);
    if (!others.ok()) return others.status();
    if (!others->empty()) return sdk::OkStatus();
  }
  LibbpfOptions<bpf_tc_hook> hook;
  SetHook(if_index_, hook.get());
  const int error = -bpf_tc_hook_destroy(hook.get());
  return error == 0 ? sdk::OkStatus() : sdk::ErrnoStatus("remove qdisc clsact", error);
}

sdk::Result<std::shared_ptr<ClsactQdisc>> ClsactQdiscs::Of(uint32_t if_index) {
  const auto known = known_.find(if_index);
  if (known != known_.end()) {
    if (std::shared_ptr<ClsactQdisc> qdisc = known->second.lock()) return qdisc;
  }
  sdk::Result<std::shared_ptr<ClsactQdisc>> made = ClsactQdisc::Ensure(if_index);
  if (!made.ok()) return made;
  if (known_.size() >= forget_at_) ForgetUnused();
  known_[if_index] = *made;
  return made;
}

// Interfaces appear and disappear, with new indexes each time.
void ClsactQdiscs::ForgetUnused() {
  for (auto known = known_.begin(); known != known_.end();) {
    known = known->second.expired() ? known_.erase(known) : std::next(known);
  }
  forget_at_ = std::max(kSmall, 2 * known_.size());
}

}  // namespace weir::ebpf
