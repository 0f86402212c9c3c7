// SPDX-License-Identifier: Apache-2.0
// A component of a plugin as a stage of a pipeline.
#ifndef WEIR_CORE_PLUGIN_PLUGIN_STAGE_H_
#define WEIR_CORE_PLUGIN_PLUGIN_STAGE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/pipeline/stage.h"
#include "core/plugin/host.h"
#include "plugins/abi/weir_plugin.h"

namespace weir::plugin {

// How the message of a call begins that let an exception through the boundary.
inline constexpr char kExceptionOut[] = "the plugin let an exception out";

// Makes an instance of `component` (from the plugin file `plugin`, both valid for
// the life of the process) with a configuration in wire format. A Source if that is
// what the component is, else a Consumer. `host` and `runtime` must outlive it.
absl::StatusOr<std::unique_ptr<pipeline::Stage>> MakePluginStage(const weir_component& component,
                                                                 const std::string& plugin,
                                                                 std::string_view config,
                                                                 pipeline::StageHost* host,
                                                                 Runtime* runtime);

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_PLUGIN_STAGE_H_
