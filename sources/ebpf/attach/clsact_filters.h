// SPDX-License-Identifier: Apache-2.0
// The filters of a clsact qdisc: those that there are, which of them are weir's, and those that a
// weir has left behind that was killed.
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
  uint32_t program_id = 0;  // 0: not a BPF program's
  std::string name;         // of a BPF filter, as the program that made it chose: for libbpf
                            // "PROGRAM:[ID]"
};

// All filters at the side `direction` (WEIR_DIRECTION_*); none where there is no clsact qdisc. In
// the network namespace of the calling thread, as all of this file.
sdk::Result<std::vector<ClsactFilter>> ListClsactFilters(uint32_t if_index, uint8_t direction);

// Says that a process which is alive uses a program: by an abstract Unix socket with the
// program's number, which the kernel gives back when the process ends, in whatever way. The
// socket is in the network namespace of the interfaces, so weirs in different containers see each
// other's. Immutable; any thread.
class ProgramClaim {
 public:
  // Null if another process has claimed it.
  static sdk::Result<std::shared_ptr<ProgramClaim>> Make(uint32_t program_id);

 private:
  explicit ProgramClaim(sdk::UniqueFd socket) : socket_(std::move(socket)) {}

  const sdk::UniqueFd socket_;
};

// The claims of one process, each made once. One thread at a time.
class ProgramClaims {
 public:
  // That of `program_id`, which is a program of this process.
  sdk::Result<std::shared_ptr<ProgramClaim>> Of(uint32_t program_id);
  // True if a claim of `program_id` is in use here.
  bool Has(uint32_t program_id) const;

 private:
  std::unordered_map<uint32_t, std::weak_ptr<ProgramClaim>> known_;
};

struct Leftovers {
  int removed = 0;
  int unknown = 0;  // they may be leftovers, but this process may not look at their programs
};

// Removes filters of weir's at both sides of `if_index` whose process is no longer alive. Touches
// no others: a filter is weir's if its program has the name of one of weir's and uses the map of
// its counters; one that is claimed is left. Looking at programs takes CAP_SYS_ADMIN.
sdk::Result<Leftovers> RemoveClsactLeftovers(uint32_t if_index, const ProgramClaims& claims);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_CLSACT_FILTERS_H_
