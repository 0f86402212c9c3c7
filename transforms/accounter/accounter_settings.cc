// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/accounter_settings.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "plugins/sdk/duration_option.h"

namespace weir::transforms {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1'000 * kMillisecond;
// How often an eviction continues if no records come.
constexpr uint64_t kEvictionTick = 50 * kMillisecond;

sdk::Status ParseTimeout(const char* field, const std::string& text, uint64_t* ns) {
  sdk::Result<std::chrono::nanoseconds> timeout = sdk::DurationOption(field, text);
  if (!timeout.ok()) return timeout.status();
  *ns = static_cast<uint64_t>(timeout->count());
  return sdk::OkStatus();
}

}  // namespace

sdk::Result<AccounterSettings> AccounterSettings::Of(const Accounter& config) {
  AccounterSettings settings{};
  settings.max_entries = config.max_entries();
  settings.oldest_first = config.eviction() == Accounter::OLDEST;
  settings.by_records = config.clock() == Accounter::RECORDS;
  settings.batch_records = config.batch_records();
  if (config.max_entries() == 0 || config.max_entries() > 1'000'000'000) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, "max_entries: must be 1 to 1000000000");
  }
  if (config.batch_records() == 0 || config.batch_records() > 65536) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, "batch_records: must be 1 to 65536");
  }
  sdk::Status status;
  if (config.has_active_timeout()) {
    status = ParseTimeout("active_timeout", config.active_timeout(), &settings.active_timeout_ns);
    if (!status.ok()) return status;
  }
  if (config.has_idle_timeout()) {
    status = ParseTimeout("idle_timeout", config.idle_timeout(), &settings.idle_timeout_ns);
    if (!status.ok()) return status;
  }
  // If flows are evicted one by one, all together are evicted only if the user sets evict_timeout.
  if (config.has_evict_timeout() || (!settings.oldest_first && !settings.HasTimeouts())) {
    status = ParseTimeout("evict_timeout", config.evict_timeout(), &settings.evict_timeout_ns);
    if (!status.ok()) return status;
  }
  return settings;
}

uint64_t AccounterSettings::ShorterTimeoutNs() const {
  if (active_timeout_ns == 0) return idle_timeout_ns;
  if (idle_timeout_ns == 0) return active_timeout_ns;
  return std::min(active_timeout_ns, idle_timeout_ns);
}

uint64_t AccounterSettings::LatenessNs() const {
  return std::clamp(ShorterTimeoutNs() / 10, kMillisecond, kSecond);
}

uint64_t AccounterSettings::TickIntervalNs() const {
  if (EachTickEvictsAll()) return evict_timeout_ns;
  uint64_t interval = kSecond;
  if (HasTimeouts() && !by_records) interval = LatenessNs();
  const bool evicts_all = !oldest_first || evict_timeout_ns > 0;
  if (by_records || (evicts_all && max_entries > kFlowsAtOnce)) {
    interval = std::min(interval, kEvictionTick);
  }
  if (evict_timeout_ns > 0 && !by_records) interval = std::min(interval, evict_timeout_ns);
  return interval;
}

}  // namespace weir::transforms
