// SPDX-License-Identifier: Apache-2.0
#include "core/config/graph.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/suggestion/suggestion.h"

namespace weir::config {
namespace {

std::string Title(const GraphStage& stage) {
  return absl::StrCat(StageKindName(stage.kind), " ", Quoted(stage.name));
}

class GraphChecker {
 public:
  GraphChecker(const std::vector<GraphStage>& stages, Diagnostics* diagnostics)
      : stages_(stages), diagnostics_(*diagnostics), consumed_(stages.size(), false) {}

  CheckedGraph Run() {
    if (stages_.empty()) {
      diagnostics_.Add({}, "the file has no stages; a pipeline needs at least a source and a sink");
      return {};
    }
    FindNames();
    graph_.inputs.resize(stages_.size());
    for (size_t stage = 0; stage < stages_.size(); ++stage) ResolveInputs(stage);
    CheckHasInputs();
    CheckConnected();
    if (!Order()) ReportCycles();
    return std::move(graph_);
  }

 private:
  void FindNames() {
    for (size_t stage = 0; stage < stages_.size(); ++stage) {
      const GraphStage& of = stages_[stage];
      const auto [at, is_new] = by_name_.emplace(of.name, stage);
      if (!is_new) {
        diagnostics_.Add(of.name_location,
                         absl::StrCat("the name ", Quoted(of.name), " is already used by the ",
                                      StageKindName(stages_[at->second].kind), " in line ",
                                      stages_[at->second].location.line));
        // One mistake: an input of this name could mean either stage.
        consumed_[stage] = consumed_[at->second] = true;
      }
      if (of.kind != StageKind::kSink) producers_.push_back(of.name);
    }
  }

  void ResolveInputs(size_t stage) {
    std::set<size_t> seen;
    for (const GraphInput& input : stages_[stage].inputs) {
      const auto found = by_name_.find(input.name);
      if (found == by_name_.end()) {
        UnknownInput(stage, input);
        continue;
      }
      const size_t producer = found->second;
      consumed_[producer] = true;
      const std::string wrong = MistakeOfInput(stage, producer, !seen.insert(producer).second);
      if (wrong.empty()) {
        graph_.inputs[stage].push_back(producer);
      } else {
        Error(stage, input.location, wrong);
      }
    }
  }

  std::string MistakeOfInput(size_t stage, size_t producer, bool again) const {
    const std::string name = Quoted(stages_[producer].name);
    if (producer == stage) return "the input is the stage itself";
    if (stages_[producer].kind == StageKind::kSink) {
      return absl::StrCat("the input ", name,
                          " is a sink; only sources and transforms emit records");
    }
    return again ? absl::StrCat("the input ", name, " is given twice") : "";
  }

  void UnknownInput(size_t stage, const GraphInput& input) {
    if (diagnostics_.full() || IsListInOneText(stage, input)) return;
    const std::string meant_name = DidYouMean(input.name, producers_);
    Error(stage, input.location,
          absl::StrCat("there is no source or transform ", Quoted(input.name),
                       meant_name.empty() ? Known() : meant_name));
    // The stage that a misspelt input means has a consumer.
    const auto meant = by_name_.find(Nearest(input.name, producers_));
    if (meant != by_name_.end()) {
      consumed_[meant->second] = true;
    } else {
      inputs_known_ = false;
    }
  }

  // Reports "a, b", if all its parts are names.
  bool IsListInOneText(size_t stage, const GraphInput& input) {
    std::vector<std::string> names;
    for (const std::string_view part :
         absl::StrSplit(input.name, absl::ByAnyChar(", "), absl::SkipEmpty())) {
      names.emplace_back(part);
    }
    const auto is_producer = [this](const std::string& name) {
      const auto found = by_name_.find(name);
      return found != by_name_.end() && stages_[found->second].kind != StageKind::kSink;
    };
    if (names.size() < 2 || !std::all_of(names.begin(), names.end(), is_producer)) return false;
    for (const std::string& name : names) consumed_[by_name_.find(name)->second] = true;
    Error(stage, input.location,
          absl::StrCat("the input ", Quoted(input.name), " is one text; write input: [\"",
                       absl::StrJoin(names, "\", \""), "\"]"));
    return true;
  }

  // " (there are a, b)", to choose from.
  std::string Known() const {
    constexpr size_t kMaxListed = 16;
    if (producers_.empty()) return "";
    const auto end = producers_.begin() + std::min(producers_.size(), kMaxListed);
    return absl::StrCat(" (there are ", absl::StrJoin(producers_.begin(), end, ", "),
                        producers_.size() > kMaxListed ? " and others)" : ")");
  }

  // A stage that `stage` could take records from, as an example.
  std::string ExampleInput(size_t stage) const {
    for (size_t other = 0; other < stages_.size(); ++other) {
      const bool emits = stages_[other].kind != StageKind::kSink && other != stage;
      if (emits && !consumed_[other]) return stages_[other].name;
    }
    for (const std::string& name : producers_) {
      if (name != stages_[stage].name) return name;
    }
    return "NAME";
  }

  void CheckHasInputs() {
    for (size_t stage = 0; stage < stages_.size(); ++stage) {
      const GraphStage& of = stages_[stage];
      if (of.kind == StageKind::kSource || !of.inputs.empty()) continue;
      Error(stage, of.location,
            absl::StrCat("it has no input; name the stage that it takes records from, as in ",
                         "input: \"", ExampleInput(stage), "\""));
      inputs_known_ = false;
    }
  }

  // An input that is missing or unknown is one mistake: it could mean a stage without a consumer.
  void CheckConnected() {
    if (!inputs_known_) return;
    for (size_t stage = 0; stage < stages_.size(); ++stage) {
      const GraphStage& of = stages_[stage];
      if (of.kind != StageKind::kSink && !consumed_[stage]) {
        Error(stage, of.location,
              absl::StrCat("no stage takes its records; write input: \"", of.name,
                           "\" in a transform or a sink"));
      }
    }
  }

  // Finds the order; of the stages that are possible next, the first in the file. Returns false
  // if there are cycles.
  bool Order() {
    std::vector<size_t> waits_for(stages_.size());
    std::vector<std::vector<size_t>> consumers(stages_.size());
    for (size_t stage = 0; stage < stages_.size(); ++stage) {
      waits_for[stage] = graph_.inputs[stage].size();
      for (const size_t input : graph_.inputs[stage]) consumers[input].push_back(stage);
    }
    std::priority_queue<size_t, std::vector<size_t>, std::greater<>> free;
    for (size_t stage = 0; stage < stages_.size(); ++stage) {
      if (waits_for[stage] == 0) free.push(stage);
    }
    while (!free.empty()) {
      const size_t stage = free.top();
      free.pop();
      graph_.order.push_back(stage);
      for (const size_t consumer : consumers[stage]) {
        if (--waits_for[consumer] == 0) free.push(consumer);
      }
    }
    return graph_.order.size() == stages_.size();
  }

  // Reports one cycle of each group of stages without an order. A walk from input to input
  // through these stages must return to one of them.
  void ReportCycles() {
    std::vector<bool> done(stages_.size(), false);
    for (const size_t stage : graph_.order) done[stage] = true;
    for (size_t start = 0; start < stages_.size(); ++start) {
      std::vector<size_t> walk;
      size_t at = start;
      while (at < stages_.size() && !done[at]) {
        done[at] = true;
        walk.push_back(at);
        at = InputOnCycle(at);
      }
      const auto first = std::find(walk.begin(), walk.end(), at);
      if (first != walk.end()) ReportCycle({first, walk.end()});
    }
  }

  // Returns an input without an order; if the stage has none either, it has such an input.
  size_t InputOnCycle(size_t stage) const {
    for (const size_t input : graph_.inputs[stage]) {
      if (std::find(graph_.order.begin(), graph_.order.end(), input) == graph_.order.end()) {
        return input;
      }
    }
    return stages_.size();
  }

  // `cycle` has the stages against the flow of records.
  void ReportCycle(std::vector<size_t> cycle) {
    std::reverse(cycle.begin(), cycle.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    std::string text;
    for (const size_t stage : cycle) absl::StrAppend(&text, stages_[stage].name, " -> ");
    const GraphStage& first = stages_[cycle.front()];
    // Points at the input by which the first stage takes records from the last.
    const std::string& last = stages_[cycle.back()].name;
    const auto input = std::find_if(first.inputs.begin(), first.inputs.end(),
                                    [&](const GraphInput& input) { return input.name == last; });
    diagnostics_.Add(input->location, absl::StrCat("the inputs form a cycle: ", text, first.name));
  }

  void Error(size_t stage, ConfigLocation location, const std::string& sentence) {
    diagnostics_.Add(location, absl::StrCat(Title(stages_[stage]), ": ", sentence));
  }

  const std::vector<GraphStage>& stages_;
  Diagnostics& diagnostics_;
  CheckedGraph graph_;
  absl::flat_hash_map<std::string, size_t> by_name_;  // the first of each name
  std::vector<std::string> producers_;
  std::vector<bool> consumed_;
  bool inputs_known_ = true;
};

}  // namespace

CheckedGraph CheckGraph(const std::vector<GraphStage>& stages, Diagnostics* diagnostics) {
  return GraphChecker(stages, diagnostics).Run();
}

}  // namespace weir::config
