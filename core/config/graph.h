// SPDX-License-Identifier: Apache-2.0
// The stages of a pipeline as a graph: whether they fit together, and an order in
// which each comes after its inputs.
#ifndef WEIR_CORE_CONFIG_GRAPH_H_
#define WEIR_CORE_CONFIG_GRAPH_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/config/position.h"
#include "core/record/stage_kind.h"

namespace weir::config {

struct GraphInput {
  std::string name;
  Position position;
};

struct GraphStage {
  StageKind kind;
  std::string name;
  Position position;
  Position name_position;
  std::vector<GraphInput> inputs;
};

struct CheckedGraph {
  std::vector<std::vector<size_t>> inputs;  // of each stage, as indexes
  std::vector<size_t> order;                // inputs first, otherwise as given
};

// Adds what is wrong to `diagnostics`; the result is of use only if nothing was.
CheckedGraph CheckGraph(const std::vector<GraphStage>& stages, Diagnostics* diagnostics);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_GRAPH_H_
