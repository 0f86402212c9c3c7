// SPDX-License-Identifier: Apache-2.0
// Lists the filters of a clsact qdisc, and removes filters that a killed weir has left. All
// functions work in the network namespace of the calling thread.
#ifndef WEIR_SOURCES_EBPF_ATTACH_CLSACT_FILTERS_H_
#define WEIR_SOURCES_EBPF_ATTACH_CLSACT_FILTERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

// A filter at one side of an interface.
struct ClsactFilter {
  uint32_t priority = 0;
  uint32_t handle = 0;
  uint32_t program_id = 0;  // 0: not a BPF filter
  std::string name;         // of a BPF filter, chosen by its creator; libbpf uses "PROGRAM:[ID]"
};

// Returns all filters at the side `direction` (WEIR_DIRECTION_*), or none if there is no clsact
// qdisc.
sdk::Result<std::vector<ClsactFilter>> ListClsactFilters(uint32_t if_index, uint8_t direction);

// Marks a program as used by a living process: an abstract Unix socket with the program's id in its
// name. The kernel removes it when the process ends, however it ends. The socket is in the network
// namespace of the interfaces, so weirs in different containers see each other's claims. Immutable;
// any thread.
class ProgramClaim {
 public:
  // Returns null if another process has claimed it.
  static sdk::Result<std::shared_ptr<ProgramClaim>> Make(uint32_t program_id);

 private:
  explicit ProgramClaim(sdk::UniqueFd socket) : socket_(std::move(socket)) {}

  const sdk::UniqueFd socket_;
};

// The claims of one process, each made once. For one thread at a time.
class ProgramClaims {
 public:
  // Returns the claim of `program_id`, a program of this process.
  sdk::Result<std::shared_ptr<ProgramClaim>> Of(uint32_t program_id);
  // Returns true if this process uses a claim of `program_id`.
  bool Has(uint32_t program_id) const;

 private:
  std::unordered_map<uint32_t, std::weak_ptr<ProgramClaim>> known_;
};

struct Leftovers {
  int removed = 0;
  int unknown = 0;  // possible leftovers whose programs this process may not inspect
};

// Removes weir's filters at both sides of `if_index` whose process is no longer alive. A filter is
// weir's if its program has the name of one of weir's programs and uses the map of its counters.
// Other filters and claimed ones stay. Inspecting programs needs CAP_SYS_ADMIN.
sdk::Result<Leftovers> RemoveClsactLeftovers(uint32_t if_index, const ProgramClaims& claims);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_CLSACT_FILTERS_H_
