// SPDX-License-Identifier: Apache-2.0
// The host's side of the plugin interface: the table of host functions, and the types
// behind the opaque handles of weir_plugin.h.
#ifndef WEIR_CORE_PLUGIN_HOST_H_
#define WEIR_CORE_PLUGIN_HOST_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/stage.h"
#include "core/plugin/shared_objects.h"
#include "core/telemetry/metrics.h"
#include "plugins/abi/weir_plugin.h"

namespace weir::plugin {

// The message of a plugin call that failed without a message.
inline constexpr char kNoReason[] = "failed and gave no reason";

// What the stages of one pipeline share. Must outlive them.
struct Runtime {
  const pipeline::Clock* clock;
  telemetry::MetricRegistry* metrics;
  SharedObjects shared;
};

// Returns the only host table. It lives as long as the process.
const weir_host* HostTable();

}  // namespace weir::plugin

// The handle of a stage, as plugins see it. Immutable, except `shared`, which only the
// control thread uses.
struct weir_stage {
  weir::pipeline::StageHost* host;
  weir::plugin::Runtime* runtime;
  std::string plugin;                           // the path of the component's file
  std::set<weir::plugin::SharedObject> shared;  // released after the instance is destroyed
};

// Receives the findings of a diagnose call.
struct weir_findings {
  std::vector<weir::pipeline::Finding> findings;
};

// Receives the message of a plugin call that fails.
struct weir_error {
  std::string message;

  // Returns the status of a call that returned `code`.
  absl::Status ToStatus(weir_code code) const;
};

#endif  // WEIR_CORE_PLUGIN_HOST_H_
