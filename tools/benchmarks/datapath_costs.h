// SPDX-License-Identifier: Apache-2.0
// What the programs of the datapath cost, beside those of peers' designs.
//
// All are measured in turns (comparison.h), on the processor that the calling thread is
// bound to and in its network namespace, which is to be one of the benchmark's own.
#ifndef WEIR_TOOLS_BENCHMARKS_DATAPATH_COSTS_H_
#define WEIR_TOOLS_BENCHMARKS_DATAPATH_COSTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"
#include "tools/benchmarks/comparison.h"

namespace weir::benchmarks {

// How much is measured.
struct Effort {
  int rounds = 0;
  uint32_t packets = 0;     // of a sample
  uint32_t few_flows = 0;   // those that stay in a processor's cache; a power of two
  uint32_t many_flows = 0;  // the same
};

using Measurements = sdk::Result<std::vector<Measurement>>;

// Of a packet whose flow is in the table: each table and clock, 1, few and many flows,
// IPv4 and IPv6 ("packet").
Measurements MeasurePackets(const Effort& effort);

// Of a packet with settings beside the defaults, on or in vain ("feature").
Measurements MeasureFeatures(const Effort& effort);

// Of a packet that is the first of its flow ("insert").
Measurements MeasureInsertions(const Effort& effort);

// What the kernel spends on a packet that an interface has received, beyond what it
// spends with no program there ("live"). `interface` is an Ethernet interface that is up.
Measurements MeasureLive(const Effort& effort, const std::string& interface);

// Of an entry that user space takes out of a table of many flows ("drain").
Measurements MeasureDraining(const Effort& effort);

// A program as the kernel has it.
struct ProgramSize {
  std::string name;
  uint32_t verified = 0;      // instructions that the verifier looked at
  uint32_t translated = 0;    // instructions left of it
  uint32_t machine_code = 0;  // bytes
};

sdk::Result<std::vector<ProgramSize>> MeasurePrograms();

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_DATAPATH_COSTS_H_
