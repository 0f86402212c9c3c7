// SPDX-License-Identifier: Apache-2.0
// The host's side of the plugin boundary: the table of host functions, and what is
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

// The message of a call that failed without one.
inline constexpr char kNoReason[] = "failed and gave no reason";

// What the stages of one pipeline have in common. Outlives them.
struct Runtime {
  const pipeline::Clock* clock;
  telemetry::MetricRegistry* metrics;
  SharedObjects shared;
};

// The one table, valid for the life of the process.
const weir_host* HostTable();

}  // namespace weir::plugin

// What plugins hold as the handle of a stage. Immutable but for `shared`, which
// only the control thread touches.
struct weir_stage {
  weir::pipeline::StageHost* host;
  weir::plugin::Runtime* runtime;
  std::string plugin;                           // the file that the component came from
  std::set<weir::plugin::SharedObject> shared;  // released after the instance is destroyed
};

// What diagnose writes its findings to.
struct weir_findings {
  std::vector<weir::pipeline::Finding> findings;
};

// What a failing call writes its message to.
struct weir_error {
  std::string message;

  // The status of a call that returned `code`.
  absl::Status ToStatus(weir_code code) const;
};

#endif  // WEIR_CORE_PLUGIN_HOST_H_
