// SPDX-License-Identifier: Apache-2.0
// weir's own metrics: counters and gauges with the labels `stage` and `reason`. Stages
// make them through the host; the weir program reads them.
#ifndef WEIR_CORE_TELEMETRY_METRICS_H_
#define WEIR_CORE_TELEMETRY_METRICS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace weir::telemetry {

enum class MetricKind { kCounter, kGauge };

struct MetricName {
  std::string name;    // weir_NAME, and weir_NAME_total for counters
  std::string stage;   // label; empty: no such label
  std::string reason;  // label; empty: no such label

  friend bool operator<(const MetricName& a, const MetricName& b) {
    return std::tie(a.name, a.stage, a.reason) < std::tie(b.name, b.stage, b.reason);
  }
};

// Thread-safe.
class Metric {
 public:
  void Add(int64_t delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

struct MetricSample {
  MetricName name;
  MetricKind kind;
  std::string help;
  int64_t value;
};

// Thread-safe. The metrics live as long as the registry.
class MetricRegistry {
 public:
  // Returns the metric `name`. The first call makes it; later calls do not change its kind
  // and help.
  Metric* Get(MetricKind kind, const MetricName& name, const std::string& help);

  // Returns all metrics, sorted by name, stage and reason.
  std::vector<MetricSample> Snapshot() const;

 private:
  struct Entry {
    MetricKind kind;
    std::string help;
    std::unique_ptr<Metric> metric;
  };

  mutable absl::Mutex mutex_;
  std::map<MetricName, Entry> metrics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::telemetry

#endif  // WEIR_CORE_TELEMETRY_METRICS_H_
