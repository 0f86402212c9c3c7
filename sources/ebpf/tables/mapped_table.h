// SPDX-License-Identifier: Apache-2.0
// The flow table of bpf/mapped_table.h: both epochs, mapped into this process's memory.
#ifndef WEIR_SOURCES_EBPF_TABLES_MAPPED_TABLE_H_
#define WEIR_SOURCES_EBPF_TABLES_MAPPED_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/pins/map_maker.h"
#include "sources/ebpf/tables/flow_table.h"
#include "sources/ebpf/tables/mapped_memory.h"

namespace weir::ebpf {

// Returns the slots of an epoch for `max_flows` flows: a prime, at least 1.5 * max_flows. 0: more
// than a map can have.
uint32_t SlotsFor(uint32_t max_flows);

// For one thread at a time.
class MappedTable : public FlowTable {
 public:
  // Uses maps that `maker` makes. An error contains the kernel's error text and the name of the
  // setting. `seed` is random; it is not used if existing maps are taken over. In that case no
  // program may still be filling the epoch that is not active.
  static sdk::Result<std::unique_ptr<MappedTable>> Create(uint32_t max_flows,
                                                          const flow_hash_seed_t& seed,
                                                          const MapMaker& maker);

  std::vector<ProgramMap> ProgramMaps() const override;
  sdk::Status Flip() override;
  sdk::Status EndFilling() override;
  sdk::Status Drain(const OnFlow& on_flow) override;
  sdk::Status Read(const OnFlow& on_flow) override;
  sdk::Status Clear() override;

 private:
  MappedTable() = default;
  sdk::Status MapMemory(const std::string& what);
  sdk::Status MakeFence(const std::string& what);
  // Returns when no program that began before is running.
  sdk::Status WaitForPrograms();

  // Hands over the flows in the slots of the epoch that is not being filled. Empties these slots if
  // `clear` is true.
  void Visit(bool clear, const OnFlow& on_flow) const;

  flow_table_state_t* state() const;
  // The epoch that is not being filled.
  uint32_t retired() const;
  flow_slot_t* epoch(uint32_t number) const;

  uint32_t slots_ = 0;  // of an epoch
  sdk::UniqueFd slots_map_;
  sdk::UniqueFd state_map_;
  MappedMemory slots_memory_;
  MappedMemory state_memory_;
  // An array of maps and its only element. Changing the array makes the kernel wait for running
  // programs; it has no other purpose.
  sdk::UniqueFd fence_map_;
  sdk::UniqueFd waiting_map_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_MAPPED_TABLE_H_
