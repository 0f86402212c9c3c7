// SPDX-License-Identifier: Apache-2.0
// What `weir run` prints when it ends: the balance of every stage, and the metrics.
#ifndef WEIR_TOOLS_WEIR_REPORT_H_
#define WEIR_TOOLS_WEIR_REPORT_H_

#include <string>
#include <vector>

#include "core/pipeline/pipeline.h"
#include "core/telemetry/metrics.h"

namespace weir {

// A table with a row for each stage, in records; below it why records were dropped,
// and what a stage has not told of.
std::string BalanceTable(const std::vector<pipeline::StageReport>& stages);

// A line for each metric that is not zero, as "name{stage="flows"} 12".
std::string MetricLines(const std::vector<telemetry::MetricSample>& metrics);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_REPORT_H_
