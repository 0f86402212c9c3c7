// SPDX-License-Identifier: Apache-2.0
// The block `config { [weir/MESSAGE] { ... } }` of a stage, which holds a message of
// the plugin's own.
#ifndef WEIR_CORE_CONFIG_TYPED_CONFIG_H_
#define WEIR_CORE_CONFIG_TYPED_CONFIG_H_

#include <string>
#include <vector>

#include "core/config/outline.h"
#include "core/config/schemas.h"

namespace weir::config {

// The blocks after `config` in all stages.
std::vector<int> ConfigBlocks(const Outline& outline);

// Parses and checks the configuration of a stage whose block is `stage_block`, by its
// schema. Mistakes go to `report`, with sentences that do not name the stage. Returns
// the configuration in wire format; empty after a report.
std::string ParseTypedConfig(const Schema& schema, Outline* outline, int stage_block,
                             const Outline::Report& report);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TYPED_CONFIG_H_
