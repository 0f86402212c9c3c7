// SPDX-License-Identifier: Apache-2.0
// The configuration of an accounter, checked and converted.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_SETTINGS_H_
#define WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_SETTINGS_H_

#include <cstddef>
#include <cstdint>

#include "plugins/sdk/status.h"
#include "transforms/accounter/accounter.pb.h"

namespace weir::transforms {

struct AccounterSettings {
  // Tables of up to this many flows are emitted at once, in a quarter of a millisecond.
  static constexpr size_t kFlowsAtOnce = 8192;

  size_t max_entries;
  bool oldest_first;          // eviction: OLDEST
  bool by_records;            // clock: RECORDS
  uint64_t evict_timeout_ns;  // 0 is never, also in the next two
  uint64_t active_timeout_ns;
  uint64_t idle_timeout_ns;
  uint32_t batch_records;

  static sdk::Result<AccounterSettings> Of(const Accounter& config);

  // True if each flow has timeouts of its own.
  bool HasTimeouts() const { return active_timeout_ns > 0 || idle_timeout_ns > 0; }
  // True if each tick evicts all flows at once, as in the reference.
  bool EachTickEvictsAll() const {
    return !HasTimeouts() && !by_records && evict_timeout_ns > 0 && max_entries <= kFlowsAtOnce;
  }
  // The shorter of the timeouts of a flow. HasTimeouts must be true.
  uint64_t ShorterTimeoutNs() const;
  // How late a flow may be evicted. HasTimeouts must be true.
  uint64_t LatenessNs() const;
  uint64_t TickIntervalNs() const;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_SETTINGS_H_
