// SPDX-License-Identifier: Apache-2.0
// The flow tables of bpf/hash_table.h: two hash maps of the kernel.
#ifndef WEIR_SOURCES_EBPF_TABLES_HASH_TABLES_H_
#define WEIR_SOURCES_EBPF_TABLES_HASH_TABLES_H_

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/pins/map_maker.h"
#include "sources/ebpf/tables/flow_table.h"
#include "sources/ebpf/tables/table_drain.h"

namespace weir::ebpf {

// For one thread at a time.
class HashTables : public FlowTable {
 public:
  // Uses maps that `maker` makes. An error contains the kernel's error text and the name of the
  // setting. If existing maps are taken over, no earlier program may still be running.
  static sdk::Result<std::unique_ptr<HashTables>> Create(uint32_t max_flows, const MapMaker& maker);

  std::vector<ProgramMap> ProgramMaps() const override;
  sdk::Status Flip() override;
  sdk::Status EndFilling() override;
  sdk::Status Drain(const OnFlow& on_flow) override {
    return drain_.Drain(tables_[1 - active_].get(), on_flow);
  }
  sdk::Status Read(const OnFlow& on_flow) override {
    return drain_.Read(tables_[1 - active_].get(), on_flow);
  }
  sdk::Status Clear() override {
    return Drain([](const Flow&) {});
  }

 private:
  HashTables() = default;
  // Returns the table that the programs fill: the second, or otherwise the first.
  sdk::Result<int> FindActive() const;
  sdk::Status Activate(int table);

  std::array<sdk::UniqueFd, 2> tables_;
  sdk::UniqueFd active_table_;  // an array of maps; holds the table that the programs fill
  int active_ = 0;              // the index of that table
  bool ended_ = false;          // the programs fill neither; active_ is drained last
  TableDrain drain_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_HASH_TABLES_H_
