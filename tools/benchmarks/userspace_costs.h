// SPDX-License-Identifier: Apache-2.0
// What weir's stages in user space cost, and the whole program beside its peers.
//
// Time is the processor time of all threads that have a part in it, the kernel's work for
// them included. All are measured in turns (comparison.h).
#ifndef WEIR_TOOLS_BENCHMARKS_USERSPACE_COSTS_H_
#define WEIR_TOOLS_BENCHMARKS_USERSPACE_COSTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/plugin/catalogue.h"
#include "plugins/sdk/status.h"
#include "tools/benchmarks/comparison.h"

namespace weir::benchmarks {

// How much is measured.
struct UserspaceEffort {
  int rounds = 0;
  std::vector<uint32_t> flows;  // numbers of flows to measure with
  uint32_t records = 0;         // of a sample at least, but for what is slow
  uint32_t packets = 0;         // of the capture
  uint32_t conversations = 0;   // of the capture: two flows each
  std::string only;             // the one group of stages that is to be measured; empty: all
};

// What a stage holds of a flow.
struct Footprint {
  std::string subject;
  std::string traffic;
  double bytes_per_flow = 0;  // resident
};

struct StageCosts {
  std::vector<Measurement> measurements;
  std::vector<Footprint> footprints;
};

// The source pcap, queues, accounter, encoders, ... ("stage"), each with every number of flows,
// beside the memory floor. Standard output is /dev/null while they run.
sdk::Result<StageCosts> MeasureStages(const UserspaceEffort& effort,
                                      const plugin::Catalogue& catalogue);

// The programs that are measured, as paths.
struct Programs {
  std::string tree;           // the installed one: bin/weir and the rest
  std::string measure_child;  // child_process.h
};

// What one program says and has once.
struct ProcessFacts {
  std::string program;
  std::string traffic;
  uint64_t flows = 0;
  uint64_t peak_bytes = 0;  // the most memory that was resident
};

struct ProcessCosts {
  std::vector<Measurement> measurements;
  std::vector<ProcessFacts> facts;
  std::vector<std::string> missing;  // sentences: which peers are not on this machine
};

// `weir run` on a capture, with examples/pcap.textproto, and beside it the peers that are
// installed, each with all flows kept until the end ("process"). An error if one of them
// does not count all packets. Not with threads: it changes the environment.
sdk::Result<ProcessCosts> MeasureProcesses(const UserspaceEffort& effort, const Programs& programs);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_USERSPACE_COSTS_H_
