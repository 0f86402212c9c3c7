// SPDX-License-Identifier: Apache-2.0
// The graph of the stages of a pipeline: checks it, and finds an order in which every stage
// comes after its inputs.
#ifndef WEIR_CORE_CONFIG_GRAPH_H_
#define WEIR_CORE_CONFIG_GRAPH_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/config/text/config_location.h"
#include "core/config/text/diagnostics.h"
#include "core/record/stage_kind.h"

namespace weir::config {

struct GraphInput {
  std::string name;
  ConfigLocation location;
};

struct GraphStage {
  StageKind kind;
  std::string name;
  ConfigLocation location;
  ConfigLocation name_location;
  std::vector<GraphInput> inputs;
};

struct CheckedGraph {
  std::vector<std::vector<size_t>> inputs;  // of each stage, as indexes of stages
  std::vector<size_t> order;                // inputs first, otherwise in the order of the file
};

// Adds mistakes to `diagnostics`; after one, the result must not be used. Thread-safe.
CheckedGraph CheckGraph(const std::vector<GraphStage>& stages, Diagnostics* diagnostics);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_GRAPH_H_
