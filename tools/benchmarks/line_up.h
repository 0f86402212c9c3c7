// SPDX-License-Identifier: Apache-2.0
// Who takes part in a comparison.
#ifndef WEIR_TOOLS_BENCHMARKS_LINE_UP_H_
#define WEIR_TOOLS_BENCHMARKS_LINE_UP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "tools/benchmarks/contender.h"

namespace weir::benchmarks {

inline constexpr char kEmptyProgram[] = "empty program";
inline constexpr char kSpinLockHash[] = "peer: hash, spin lock per value";
inline constexpr char kPerCpuHash[] = "peer: per-CPU hash, put back";

using LineUp = std::vector<std::unique_ptr<Contender>>;

// The default settings of a table for `flows`, with some room.
ebpf::KernelOptions OptionsFor(ebpf::TableTier tier, uint32_t flows);

// The empty program, each table with each clock, and the peers.
sdk::Result<LineUp> LoadTables(uint32_t flows);

struct Feature {
  std::string name;
  std::string baseline;  // another one's name
  ebpf::KernelOptions options;
};

// What there is to be switched on or off, for traffic of `flows` flows: one more feature
// is one more entry.
std::vector<Feature> Features(uint32_t flows);

// The empty program and `features`.
sdk::Result<LineUp> LoadFeatures(const std::vector<Feature>& features);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_LINE_UP_H_
