// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/tables/table_drain.h"

#include <bpf/bpf.h>

#include <cerrno>

#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/kernel/load_error.h"

namespace weir::ebpf {

namespace {

constexpr size_t kInitialEntries = 1024;
// A bucket must fit as a whole. A bucket of a working hash is never larger than that.
constexpr size_t kMaxEntries = 1 << 20;

void HandOver(const flow_key_t* keys, const flow_value_t* values, size_t count,
              const OnFlow& on_flow) {
  for (size_t i = 0; i < count; ++i) on_flow({keys[i].id, values[i]});
}

}  // namespace

void TableDrain::Resize(size_t entries) {
  keys_.resize(entries);
  values_.resize(entries);
}

sdk::Status TableDrain::Drain(int fd, const OnFlow& on_flow) {
  sdk::Status status;
  if (TryByBatch(fd, bpf_map_lookup_and_delete_batch, on_flow, &status)) return status;
  return DrainSingly(fd, on_flow);
}

sdk::Status TableDrain::Read(int fd, const OnFlow& on_flow) {
  sdk::Status status;
  if (TryByBatch(fd, bpf_map_lookup_batch, on_flow, &status)) return status;
  return ReadSingly(fd, on_flow);
}

bool TableDrain::TryByBatch(int fd, BatchCall call, const OnFlow& on_flow, sdk::Status* status) {
  if (single_) return false;
  if (keys_.empty()) Resize(kInitialEntries);
  *status = ByBatch(fd, call, on_flow, &single_);
  return !single_;
}

sdk::Status TableDrain::ByBatch(int fd, BatchCall call, const OnFlow& on_flow, bool* unsupported) {
  // The bucket where the kernel continues. Null means the first one.
  uint32_t position = 0;
  bool begun = false;
  for (;;) {
    uint32_t count = static_cast<uint32_t>(keys_.size());
    uint32_t next = 0;
    const int error = -call(fd, begun ? &position : nullptr, &next, keys_.data(), values_.data(),
                            &count, nullptr);
    if (error == ENOSPC && keys_.size() < kMaxEntries) {
      Resize(keys_.size() * 2);
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
    HandOver(keys_.data(), values_.data(), count, on_flow);
    if (error == ENOENT) return sdk::OkStatus();
    position = next;
    begun = true;
  }
}

// Asks for the next entry while the present one still exists: from a deleted entry the kernel would
// begin again and search all the empty buckets.
sdk::Status TableDrain::DrainSingly(int fd, const OnFlow& on_flow) {
  flow_key_t key;
  flow_value_t value;
  int end = -bpf_map_get_next_key(fd, nullptr, &key);
  while (end == 0) {
    int error = -bpf_map_lookup_elem(fd, &key, &value);
    if (error != 0) return sdk::ErrnoStatus("read flow table: look up entry", error);
    flow_key_t next;
    end = -bpf_map_get_next_key(fd, &key, &next);
    error = -bpf_map_delete_elem(fd, &key);
    if (error != 0) return sdk::ErrnoStatus("read flow table: delete entry", error);
    on_flow({key.id, value});
    key = next;
  }
  if (end != ENOENT) return sdk::ErrnoStatus("read flow table: next entry", end);
  return sdk::OkStatus();
}

sdk::Status TableDrain::ReadSingly(int fd, const OnFlow& on_flow) {
  flow_key_t key;
  flow_value_t value;
  const flow_key_t* former = nullptr;
  for (;;) {
    const int end = -bpf_map_get_next_key(fd, former, &key);
    if (end == ENOENT) return sdk::OkStatus();
    if (end != 0) return sdk::ErrnoStatus("read flow table: next entry", end);
    const int error = -bpf_map_lookup_elem(fd, &key, &value);
    if (error != 0) return sdk::ErrnoStatus("read flow table: look up entry", error);
    on_flow({key.id, value});
    former = &key;
  }
}

}  // namespace weir::ebpf
