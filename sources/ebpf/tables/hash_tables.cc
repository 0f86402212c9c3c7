// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/tables/hash_tables.h"

#include <bpf/bpf.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

sdk::Result<std::unique_ptr<HashTables>> HashTables::Create(uint32_t max_flows,
                                                            const MapMaker& maker) {
  constexpr const char* kNames[] = {"weir_flows_0", "weir_flows_1"};
  const std::string what =
      absl::StrCat("create a flow table of ", max_flows, " entries (cache_max_flows)");
  std::unique_ptr<HashTables> tables(new HashTables());
  for (size_t i = 0; i < tables->tables_.size(); ++i) {
    // Without flags it allocates all its memory now: an insertion never waits for memory.
    sdk::Result<sdk::UniqueFd> table = maker.Make(
        {kNames[i], BPF_MAP_TYPE_HASH, sizeof(flow_key_t), sizeof(flow_value_t), max_flows}, what);
    if (!table.ok()) return table.status();
    tables->tables_[i] = *std::move(table);
  }
  sdk::Result<sdk::UniqueFd> active =
      maker.Make({"weir_active", BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(uint32_t), sizeof(uint32_t), 1,
                  0, tables->tables_[0].get()},
                 what);
  if (!active.ok()) return active.status();
  tables->active_table_ = *std::move(active);
  sdk::Result<int> filled = maker.takes_over() ? tables->FindActive() : 0;
  if (!filled.ok()) return filled.status();
  const sdk::Status status = tables->Activate(*filled);
  if (!status.ok()) return status;
  return tables;
}

// User space sees the id of a map where programs see the map itself.
sdk::Result<int> HashTables::FindActive() const {
  const uint32_t zero = 0;
  uint32_t id = 0;
  int error = -bpf_map_lookup_elem(active_table_.get(), &zero, &id);
  if (error != 0) return sdk::ErrnoStatus("find the active flow table", error);
  bpf_map_info second{};
  uint32_t size = sizeof(second);
  error = -bpf_map_get_info_by_fd(tables_[1].get(), &second, &size);
  if (error != 0) return sdk::ErrnoStatus("find the active flow table", error);
  return id == second.id ? 1 : 0;
}

std::vector<ProgramMap> HashTables::ProgramMaps() const {
  return {{"active_table", active_table_.get()}};
}

// Changing a map of maps returns only after all programs that were running at that moment have
// ended (maybe_wait_bpf_programs): one call flips and waits.
sdk::Status HashTables::Activate(int table) {
  const uint32_t zero = 0;
  const int fd = tables_[table].get();
  const int error = -bpf_map_update_elem(active_table_.get(), &zero, &fd, BPF_ANY);
  if (error != 0) return sdk::ErrnoStatus("change the active flow table", error);
  active_ = table;
  return sdk::OkStatus();
}

sdk::Status HashTables::Flip() {
  if (!ended_) return Activate(1 - active_);
  active_ = 1 - active_;
  return sdk::OkStatus();
}

// Removing a map from a map of maps waits for programs, as changing it does.
sdk::Status HashTables::EndFilling() {
  const uint32_t zero = 0;
  const int error = -bpf_map_delete_elem(active_table_.get(), &zero);
  if (error != 0) return sdk::ErrnoStatus("end the counting of packets", error);
  ended_ = true;
  return sdk::OkStatus();
}

}  // namespace weir::ebpf
