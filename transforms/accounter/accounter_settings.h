// SPDX-License-Identifier: Apache-2.0
// The configuration of an accounter, looked at once.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_SETTINGS_H_
#define WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_SETTINGS_H_

#include <cstddef>
#include <cstdint>

#include "plugins/sdk/status.h"
#include "transforms/accounter/accounter.pb.h"

namespace weir::transforms {

struct AccounterSettings {
  // Tables of so many flows go on at once: a quarter of a millisecond.
  static constexpr size_t kFlowsAtOnce = 8192;

  size_t max_entries;
  bool oldest_first;          // eviction: OLDEST
  bool by_records;            // clock: RECORDS
  uint64_t evict_timeout_ns;  // these three: 0 is never
  uint64_t active_timeout_ns;
  uint64_t idle_timeout_ns;
  uint32_t batch_records;

  static sdk::Result<AccounterSettings> Of(const Accounter& config);

  // Flows have timeouts of their own.
  bool HasTimeouts() const { return active_timeout_ns > 0 || idle_timeout_ns > 0; }
  // All flows go on at each tick, and at once: what the reference does.
  bool EachTickEvictsAll() const {
    return !HasTimeouts() && !by_records && evict_timeout_ns > 0 && max_entries <= kFlowsAtOnce;
  }
  // The shorter of a flow's own timeouts, which there are.
  uint64_t ShorterTimeoutNs() const;
  // By how much a flow may go on late. Likewise.
  uint64_t LatenessNs() const;
  uint64_t TickIntervalNs() const;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_SETTINGS_H_
