// SPDX-License-Identifier: Apache-2.0
// The flow table of bpf/mapped_table.h: both epochs of it in this process's memory.
#ifndef WEIR_SOURCES_EBPF_MAPPED_TABLE_H_
#define WEIR_SOURCES_EBPF_MAPPED_TABLE_H_

#include <cstdint>
#include <memory>

#include "bpf/flow.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/flow_table.h"
#include "sources/ebpf/mapped_memory.h"

namespace weir::ebpf {

// Slots of an epoch for so many flows: a prime, at least half as many again. 0: more
// than a map can have.
uint32_t SlotsFor(uint32_t max_flows);

// One thread at a time.
class MappedTable : public FlowTable {
 public:
  // Creates the maps. Fails with the kernel's words and the name of the setting.
  // `hash_seed` is random.
  static sdk::Result<std::unique_ptr<MappedTable>> Create(uint32_t max_flows, uint64_t hash_seed);

  // The maps, for the programs that are to be loaded.
  int slots_fd() const { return slots_map_.get(); }
  int state_fd() const { return state_map_.get(); }

  // Once the programs are loaded: `fence_fd` is their array of maps, which is changed
  // for no other reason than that the kernel waits in it. Not owned.
  sdk::Status SetFence(int fence_fd);

  sdk::Status Flip() override;
  sdk::Status Drain(const FlowKernel::OnFlow& on_flow) override;

 private:
  MappedTable(uint32_t slots, sdk::UniqueFd slots_map, sdk::UniqueFd state_map,
              MappedMemory slots_memory, MappedMemory state_memory);

  flow_table_state_t* state() const;
  flow_slot_t* epoch(uint32_t number) const;

  const uint32_t slots_;  // of an epoch
  const sdk::UniqueFd slots_map_;
  const sdk::UniqueFd state_map_;
  const MappedMemory slots_memory_;
  const MappedMemory state_memory_;
  sdk::UniqueFd waiting_map_;  // what stands in the fence
  int fence_fd_ = -1;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_MAPPED_TABLE_H_
