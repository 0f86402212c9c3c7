// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/metrics.h"

#include <utility>

namespace weir::telemetry {

Metric* MetricRegistry::Get(MetricKind kind, const MetricName& name, const std::string& help) {
  absl::MutexLock lock(&mutex_);
  const auto found = metrics_.find(name);
  if (found != metrics_.end()) return found->second.metric.get();
  Entry entry{kind, help, std::make_unique<Metric>()};
  return metrics_.emplace(name, std::move(entry)).first->second.metric.get();
}

std::vector<MetricSample> MetricRegistry::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  std::vector<MetricSample> samples;
  samples.reserve(metrics_.size());
  for (const auto& [name, entry] : metrics_) {
    samples.push_back({name, entry.kind, entry.help, entry.metric->value()});
  }
  return samples;
}

}  // namespace weir::telemetry
