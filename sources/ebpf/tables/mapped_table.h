// SPDX-License-Identifier: Apache-2.0
// The flow table of bpf/mapped_table.h: both epochs of it in this process's memory.
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

// Slots of an epoch for so many flows: a prime, at least half as many again. 0: more
// than a map can have.
uint32_t SlotsFor(uint32_t max_flows);

// One thread at a time.
class MappedTable : public FlowTable {
 public:
  // With maps that `maker` makes. Fails with the kernel's words and the name of the
  // setting. `seed` is random, and not looked at where maps are taken over; no program
  // runs any more then that fills the half that is not to be filled.
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
  // Returns when no program runs any more that began before.
  sdk::Status WaitForPrograms();

  // Makes flows of the slots of the half that is not being filled, and empties these where
  // `clear` says so.
  void Visit(bool clear, const OnFlow& on_flow) const;

  flow_table_state_t* state() const;
  // The half that is not being filled.
  uint32_t retired() const;
  flow_slot_t* epoch(uint32_t number) const;

  uint32_t slots_ = 0;  // of an epoch
  sdk::UniqueFd slots_map_;
  sdk::UniqueFd state_map_;
  MappedMemory slots_memory_;
  MappedMemory state_memory_;
  // An array of maps, which is changed for no other reason than that the kernel waits in
  // it, and what stands in it.
  sdk::UniqueFd fence_map_;
  sdk::UniqueFd waiting_map_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_MAPPED_TABLE_H_
