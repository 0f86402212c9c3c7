// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/table_drain.h"

#include <bpf/bpf.h>

#include <cerrno>

#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/load_error.h"

namespace weir::ebpf {

namespace {

constexpr size_t kInitialEntries = 1024;
// A bucket must fit as a whole: more than that is not one of a sound hash.
constexpr size_t kMaxEntries = 1 << 20;
}  // namespace

void TableDrain::Resize(size_t entries) {
  ids_.resize(entries);
  values_.resize(entries);
}

sdk::Status TableDrain::Drain(int fd, const FlowKernel::OnFlows& on_flows) {
  if (ids_.empty()) Resize(kInitialEntries);
  if (!single_) {
    bool unsupported = false;
    const sdk::Status status = DrainByBatch(fd, on_flows, &unsupported);
    if (!unsupported) return status;
    single_ = true;
  }
  return DrainSingly(fd, on_flows);
}

sdk::Status TableDrain::DrainByBatch(int fd, const FlowKernel::OnFlows& on_flows,
                                     bool* unsupported) {
  // Where the kernel goes on: the number of a bucket. Null is the first one.
  uint32_t position = 0;
  bool begun = false;
  for (;;) {
    uint32_t count = static_cast<uint32_t>(ids_.size());
    uint32_t next = 0;
    const int error = -bpf_map_lookup_and_delete_batch(
        fd, begun ? &position : nullptr, &next, ids_.data(), values_.data(), &count, nullptr);
    if (error == ENOSPC && ids_.size() < kMaxEntries) {
      Resize(ids_.size() * 2);
      continue;
    }
    if (!begun && MayMeanNotSupported(error)) {
      *unsupported = true;
      return sdk::OkStatus();
    }
    // ENOENT: that was the last bucket.
    if (error != 0 && error != ENOENT) {
      return sdk::ErrnoStatus("read flow table by batch", error);
    }
    if (count > 0) on_flows(ids_.data(), values_.data(), count);
    if (error == ENOENT) return sdk::OkStatus();
    position = next;
    begun = true;
  }
}

sdk::Status TableDrain::DrainSingly(int fd, const FlowKernel::OnFlows& on_flows) {
  size_t count = 0;
  for (;;) {
    flow_id_t& id = ids_[count];
    // The entry before is gone already, so the first one is always the next one.
    const int end = -bpf_map_get_next_key(fd, nullptr, &id);
    if (end == ENOENT) break;
    if (end != 0) return sdk::ErrnoStatus("read flow table: next entry", end);
    int error = -bpf_map_lookup_elem(fd, &id, &values_[count]);
    if (error != 0) return sdk::ErrnoStatus("read flow table: look up entry", error);
    error = -bpf_map_delete_elem(fd, &id);
    if (error != 0) return sdk::ErrnoStatus("read flow table: delete entry", error);
    if (++count == ids_.size()) {
      on_flows(ids_.data(), values_.data(), count);
      count = 0;
    }
  }
  if (count > 0) on_flows(ids_.data(), values_.data(), count);
  return sdk::OkStatus();
}

}  // namespace weir::ebpf
