// SPDX-License-Identifier: Apache-2.0
// Empties a flow table that no program writes to.
#ifndef WEIR_SOURCES_EBPF_TABLES_TABLE_DRAIN_H_
#define WEIR_SOURCES_EBPF_TABLES_TABLE_DRAIN_H_

#include <bpf/bpf.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/tables/flow.h"

namespace weir::ebpf {

// Reads many entries per system call if the kernel can (5.6 and later), else one by one. Keeps its
// buffers. For one thread.
class TableDrain {
 public:
  // `single`: does not use the batch calls even if the kernel has them.
  explicit TableDrain(bool single = false) : single_(single) {}

  // Takes all entries out of the hash map `fd`. After an error some entries may remain.
  sdk::Status Drain(int fd, const OnFlow& on_flow);
  // Reads all entries and leaves them in the map.
  sdk::Status Read(int fd, const OnFlow& on_flow);

 private:
  // bpf_map_lookup_batch, or the variant that also deletes the entries.
  using BatchCall = int (*)(int fd, void* position, void* next, void* keys, void* values,
                            uint32_t* count, const bpf_map_batch_opts* options);

  // Returns true and sets *status if `call` did the work. Returns false, with nothing done, if the
  // kernel does not know the call.
  bool TryByBatch(int fd, BatchCall call, const OnFlow& on_flow, sdk::Status* status);
  // Sets *unsupported, with nothing done, if the kernel does not know the call.
  sdk::Status ByBatch(int fd, BatchCall call, const OnFlow& on_flow, bool* unsupported);
  sdk::Status DrainSingly(int fd, const OnFlow& on_flow);
  sdk::Status ReadSingly(int fd, const OnFlow& on_flow);
  void Resize(size_t entries);

  bool single_;
  std::vector<flow_key_t> keys_;
  std::vector<flow_value_t> values_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_TABLE_DRAIN_H_
