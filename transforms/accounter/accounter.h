// SPDX-License-Identifier: Apache-2.0
// The transform `accounter`: joins records of the same flow into one.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_
#define WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "transforms/accounter/accounter.pb.h"
#include "transforms/accounter/flow_key.h"

namespace weir::transforms {

// Holds at most max_entries flows. What goes on has no feature blocks: they have no
// rule yet by which two would become one.
//
// Called by one thread at a time, as the host does.
class AccounterTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<AccounterTransform>> Create(const Accounter& config,
                                                                 sdk::Stage stage);

  sdk::Status Process(const BatchView& batch) override;
  uint64_t TickIntervalNs() const override { return evict_timeout_ns_; }
  sdk::Status Tick(uint64_t monotonic_now_ns) override;
  sdk::Status Flush() override;

 private:
  AccounterTransform(size_t max_entries, uint64_t evict_timeout_ns, sdk::Stage stage);

  // Takes one record in; counts it in `merged` if its flow was there already. If it
  // fails, the record was not taken.
  sdk::Status Account(const Record& record, uint64_t* merged);
  // Emits all flows. If it fails, those that were not handed over are still held.
  sdk::Status EvictAll();

  const size_t max_entries_;
  const uint64_t evict_timeout_ns_;
  const sdk::Stage stage_;
  absl::flat_hash_map<FlowKey, Record> flows_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_
