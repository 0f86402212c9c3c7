// SPDX-License-Identifier: Apache-2.0
// The configuration of a stage: a message of the plugin. The type of the stage determines
// the message, so a file may name it or leave the name out:
//
//   config { path: "a" }                                  the short form
//   config { [weir/weir.test.Writer] { path: "a" } }      the long form
//
// The long form is text protobuf of pipeline.proto; the short form is not. Both give the
// same pipeline.
#ifndef WEIR_CORE_CONFIG_MESSAGE_TYPED_CONFIG_H_
#define WEIR_CORE_CONFIG_MESSAGE_TYPED_CONFIG_H_

#include <map>
#include <string>
#include <vector>

#include "core/config/schema/schemas.h"
#include "core/config/text/lexer.h"
#include "core/config/text/outline.h"

namespace weir::config {

// Returns the `config` blocks of all stages.
std::vector<int> ConfigBlocks(const Outline& outline);

struct TypedConfig {
  std::string wire;                   // the message in wire format; empty after a mistake
  std::map<std::string, int> fields;  // tokens of its values, by path, as in "tls[0].ca_file[0]"
};

// Parses the configuration of the stage in `stage_block`, and checks it against `schema`.
// Mistakes go to `report`; their sentences do not name the stage. A missing field is a mistake
// only if the stage is `complete`: else another mistake may be its cause.
TypedConfig ParseTypedConfig(const Schema& schema, Outline* outline, int stage_block, bool complete,
                             const MistakeReport& report);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_MESSAGE_TYPED_CONFIG_H_
