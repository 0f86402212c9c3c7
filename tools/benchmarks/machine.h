// SPDX-License-Identifier: Apache-2.0
// The machine that a benchmark ran on: figures of one kind of processor say little about another.
#ifndef WEIR_TOOLS_BENCHMARKS_MACHINE_H_
#define WEIR_TOOLS_BENCHMARKS_MACHINE_H_

#include <string>
#include <string_view>

namespace weir::benchmarks {

struct Machine {
  std::string kernel;     // as uname -r
  std::string processor;  // as ProcessorName
  int processors = 0;     // that the benchmark may use
};

// The machine of this process, and the processors that the calling thread may run on. What
// cannot be found out is "unknown" or 0. Thread-safe.
Machine ThisMachine();

// The first processor of `cpuinfo`, the text of /proc/cpuinfo (in Linux arch/x86/kernel/cpu/proc.c
// and arch/arm64/kernel/cpuinfo.c). On x86 the name, and vendor, family, model and
// stepping, because a hypervisor may hide the name; on ARM implementer, part, variant and
// revision. "unknown" if there is neither. Control characters are left out.
std::string ProcessorName(std::string_view cpuinfo);

// "Linux 6.1.0, 2 processors (NAME)".
std::string TextOf(const Machine& machine);
// Members of an object of JSON, with a comma behind the last.
std::string JsonMembersOf(const Machine& machine);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_MACHINE_H_
