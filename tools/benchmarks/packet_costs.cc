// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/status.h"
#include "tools/benchmarks/comparison.h"
#include "tools/benchmarks/contender.h"
#include "tools/benchmarks/datapath_costs.h"
#include "tools/benchmarks/line_up.h"
#include "tools/benchmarks/next_flow.h"

namespace weir::benchmarks {

namespace {

// Has all flows of `traffic`, and no other, stand in the table.
sdk::Status Fill(const Traffic& traffic, Contender* contender) {
  sdk::Status status = contender->Empty();
  if (!status.ok()) return status;
  contender->packets()->Begin(traffic, NextFlow::Order::kAscending);
  status = contender->packets()->Run(traffic.flows).status();
  contender->packets()->Begin(traffic, NextFlow::Order::kMixed);
  return status.ok() ? contender->DrainOverflow() : status;
}

sdk::Result<double> RunAndDrainOverflow(Contender* contender, uint32_t packets) {
  const sdk::Result<double> cost = contender->packets()->Run(packets);
  if (!cost.ok()) return cost;
  const sdk::Status status = contender->DrainOverflow();
  if (!status.ok()) return status;
  return cost;
}

sdk::Result<double> RunOnNewFlows(Contender* contender, uint32_t packets) {
  const sdk::Status status = contender->Empty();
  if (!status.ok()) return status;
  contender->packets()->Begin({packets, /*ipv6=*/false}, NextFlow::Order::kAscending);
  return contender->packets()->Run(packets);
}

Measurements ComparePackets(const Effort& effort, const std::string& section,
                            const Traffic& traffic, const LineUp& line_up,
                            std::vector<Subject> subjects) {
  for (size_t i = 0; i < line_up.size(); ++i) {
    Contender* const contender = line_up[i].get();
    const sdk::Status status = Fill(traffic, contender);
    if (!status.ok()) return status;
    // All flows once, so that none is in the cache because it was the last one's.
    const uint32_t packets = std::max(effort.packets, traffic.flows);
    subjects[i].sample = [contender, packets] { return RunAndDrainOverflow(contender, packets); };
  }
  return Compare(section, traffic.Name(), effort.rounds, kEmptyProgram, subjects);
}

// Each of them compared with the peer whose table has a lock.
std::vector<Subject> AgainstThePeer(const LineUp& line_up) {
  std::vector<Subject> subjects;
  for (const auto& contender : line_up) {
    const bool is_floor = contender->name() == kEmptyProgram;
    subjects.push_back({contender->name(), is_floor ? "" : kSpinLockHash, nullptr});
  }
  return subjects;
}

void Append(std::vector<Measurement> more, std::vector<Measurement>* all) {
  all->insert(all->end(), more.begin(), more.end());
}

}  // namespace

Measurements MeasurePackets(const Effort& effort) {
  sdk::Result<LineUp> line_up = LoadTables(effort.many_flows);
  if (!line_up.ok()) return line_up.status();
  std::vector<Measurement> all;
  for (const bool ipv6 : {false, true}) {
    for (const uint32_t flows : {1u, effort.few_flows, effort.many_flows}) {
      Measurements some =
          ComparePackets(effort, "packet", {flows, ipv6}, *line_up, AgainstThePeer(*line_up));
      if (!some.ok()) return some;
      Append(*std::move(some), &all);
    }
  }
  return all;
}

Measurements MeasureFeatures(const Effort& effort) {
  const std::vector<Feature> features = Features(effort.few_flows);
  sdk::Result<LineUp> line_up = LoadFeatures(features);
  if (!line_up.ok()) return line_up.status();
  std::vector<Subject> subjects = {{kEmptyProgram, "", nullptr}};
  for (const Feature& feature : features) {
    subjects.push_back({feature.name, feature.baseline, nullptr});
  }
  return ComparePackets(effort, "feature", {effort.few_flows, /*ipv6=*/false}, *line_up,
                        std::move(subjects));
}

Measurements MeasureInsertions(const Effort& effort) {
  sdk::Result<LineUp> line_up = LoadTables(effort.many_flows);
  if (!line_up.ok()) return line_up.status();
  std::vector<Subject> subjects = AgainstThePeer(*line_up);
  for (size_t i = 0; i < line_up->size(); ++i) {
    Contender* const contender = (*line_up)[i].get();
    subjects[i].sample = [contender, &effort] {
      return RunOnNewFlows(contender, effort.many_flows);
    };
  }
  return Compare("insert", Traffic{effort.many_flows, false}.Name(), effort.rounds, kEmptyProgram,
                 subjects);
}

}  // namespace weir::benchmarks
