// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/hash_tables.h"

#include <bpf/bpf.h>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/load_error.h"

namespace weir::ebpf {

sdk::Result<std::unique_ptr<HashTables>> HashTables::Create(uint32_t max_flows, int active_fd) {
  constexpr const char* kNames[] = {"weir_flows_0", "weir_flows_1"};
  std::unique_ptr<HashTables> tables(new HashTables(active_fd));
  for (size_t i = 0; i < tables->tables_.size(); ++i) {
    // Without flags it takes all its memory now: an insertion never waits for any.
    const int fd = bpf_map_create(BPF_MAP_TYPE_HASH, kNames[i], sizeof(flow_key_t),
                                  sizeof(flow_value_t), max_flows, nullptr);
    if (fd < 0) {
      return KernelRefusal(
          absl::StrCat("create a flow table of ", max_flows, " entries (cache_max_flows)"), -fd);
    }
    tables->tables_[i] = sdk::UniqueFd(fd);
  }
  const sdk::Status status = tables->Activate(0);
  if (!status.ok()) return status;
  return tables;
}

// The kernel returns from changing a map of maps only after all programs that ran
// at that moment have ended (maybe_wait_bpf_programs): flip and fence in one.
sdk::Status HashTables::Activate(int table) {
  const uint32_t zero = 0;
  const int fd = tables_[table].get();
  const int error = -bpf_map_update_elem(active_fd_, &zero, &fd, BPF_ANY);
  if (error != 0) return sdk::ErrnoStatus("change the active flow table", error);
  active_ = table;
  return sdk::OkStatus();
}

}  // namespace weir::ebpf
