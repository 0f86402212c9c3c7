// SPDX-License-Identifier: Apache-2.0
// Makes a pipeline stage from a component of a plugin.
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

// Makes an instance of `component`, with `config` in protobuf wire format. Returns a
// pipeline::Source if the component is a source, else a pipeline::Consumer. `plugin` is
// the path of its file. `component` must live as long as the process; `host` and
// `runtime` must outlive the stage.
absl::StatusOr<std::unique_ptr<pipeline::Stage>> MakePluginStage(const weir_component& component,
                                                                 const std::string& plugin,
                                                                 std::string_view config,
                                                                 pipeline::StageHost* host,
                                                                 Runtime* runtime);

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_PLUGIN_STAGE_H_
