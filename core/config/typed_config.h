// SPDX-License-Identifier: Apache-2.0
// The configuration of a stage: a message of the plugin. The type of the stage determines
// the message, so a file may name it or leave the name out:
//
//   config { path: "a" }                                  the short form
//   config { [weir/weir.test.Writer] { path: "a" } }      the long form
//
// The long form is text protobuf of pipeline.proto; the short form is not. Both give the
// same pipeline.
#ifndef WEIR_CORE_CONFIG_TYPED_CONFIG_H_
#define WEIR_CORE_CONFIG_TYPED_CONFIG_H_

#include <string>
#include <vector>

#include "core/config/outline.h"
#include "core/config/schemas.h"

namespace weir::config {

// Returns the `config` blocks of all stages.
std::vector<int> ConfigBlocks(const Outline& outline);

// Parses the configuration of the stage in `stage_block`, and checks it against `schema`.
// Mistakes go to `report`; their sentences do not name the stage. Returns the
// configuration in wire format, or an empty string after a mistake.
std::string ParseTypedConfig(const Schema& schema, Outline* outline, int stage_block,
                             const Outline::Report& report);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TYPED_CONFIG_H_
