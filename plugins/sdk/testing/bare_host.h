// SPDX-License-Identifier: Apache-2.0
// A minimal host for benchmarks and fuzzers of stages. It allocates and frees batches, counts
// emitted records, and has a clock that only Advance moves.
#ifndef WEIR_PLUGINS_SDK_TESTING_BARE_HOST_H_
#define WEIR_PLUGINS_SDK_TESTING_BARE_HOST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "core/record/record.h"
#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/stage.h"

namespace weir::sdk::testing {

// A derived host replaces functions of the table. One thread. Must outlive its stages.
class BareHost {
 public:
  BareHost() {
    table_.struct_size = sizeof(table_);
    table_.log = [](weir_stage*, weir_severity, const char*, int, weir_string) {};
    table_.batch_allocate = [](weir_stage*, uint32_t rows, const weir_batch* like) {
      return Allocate(rows, like);
    };
    table_.batch_retain = [](const weir_batch* batch) { ++SlabOf(batch)->references; };
    table_.batch_release = [](const weir_batch* batch) { Release(batch); };
    table_.emit = [](weir_stage* stage, weir_batch* batch) -> weir_code {
      FromStage(stage)->emitted_ += batch->size;
      Release(batch);
      return WEIR_OK;
    };
    table_.count = [](weir_stage*, weir_count, const char*, uint64_t) {};
    table_.metric = [](weir_stage*, weir_metric_kind, const char*, const char*,
                       const char*) -> weir_metric* { return nullptr; };
    table_.metric_add = [](weir_metric*, int64_t) {};
    table_.metric_set = [](weir_metric*, int64_t) {};
    table_.clock_monotonic_ns = [](weir_stage* stage) { return FromStage(stage)->now_ns_; };
  }
  BareHost(const BareHost&) = delete;
  BareHost& operator=(const BareHost&) = delete;

  Stage MakeStage() { return {&table_, reinterpret_cast<weir_stage*>(this), "benchmark"}; }
  // The number of emitted records.
  uint64_t emitted() const { return emitted_; }
  void Advance(uint64_t ns) { now_ns_ += ns; }
  uint64_t now_ns() const { return now_ns_; }

  // Returns one zeroed block with one reference, as the program does. `like` may be null.
  static weir_batch* Allocate(uint32_t rows, const weir_batch* like = nullptr) {
    const uint32_t stride = like == nullptr ? sizeof(Record) : like->stride;
    auto* const slab = static_cast<Slab*>(std::calloc(1, kRowsOffset + size_t{rows} * stride));
    slab->references = 1;
    slab->batch.struct_size = sizeof(weir_batch);
    slab->batch.stride = stride;
    slab->batch.capacity = rows;
    slab->batch.rows = reinterpret_cast<uint8_t*>(slab) + kRowsOffset;
    if (like != nullptr) {
      std::copy(std::begin(like->block_offset), std::end(like->block_offset),
                slab->batch.block_offset);
    }
    return &slab->batch;
  }
  static void Release(const weir_batch* batch) {
    Slab* const slab = SlabOf(batch);
    if (--slab->references == 0) std::free(slab);
  }

 protected:
  weir_host* table() { return &table_; }
  static BareHost* FromStage(weir_stage* stage) { return reinterpret_cast<BareHost*>(stage); }

 private:
  struct Slab {
    weir_batch batch;  // first, so that a slab and its batch have the same address
    uint64_t references;
  };
  static constexpr size_t kRowsOffset = (sizeof(Slab) + 63) / 64 * 64;

  static Slab* SlabOf(const weir_batch* batch) {
    return reinterpret_cast<Slab*>(const_cast<weir_batch*>(batch));
  }

  weir_host table_{};
  uint64_t emitted_ = 0;
  uint64_t now_ns_ = 1'000'000'000'000;
};

}  // namespace weir::sdk::testing

#endif  // WEIR_PLUGINS_SDK_TESTING_BARE_HOST_H_
