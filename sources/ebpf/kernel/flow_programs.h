// SPDX-License-Identifier: Apache-2.0
// The programs of bpf/flows.bpf.c for one network namespace, loaded.
#ifndef WEIR_SOURCES_EBPF_KERNEL_FLOW_PROGRAMS_H_
#define WEIR_SOURCES_EBPF_KERNEL_FLOW_PROGRAMS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/clocks/end_clock.h"
#include "sources/ebpf/kernel/kernel_options.h"
#include "sources/ebpf/kernel/program_map.h"

struct flows_bpf;
struct bpf_program;

namespace weir::ebpf {

// What packets of a link begin with.
enum class LinkKind {
  kAny,  // of programs: both
  kEthernet,
  kNoLinkLayer,
};

// Of a hardware type (ARPHRD_*); nothing if such links cannot be measured.
std::optional<LinkKind> LinkKindOf(uint16_t hardware_type);

// One thread at a time. Programs that are attached outlive it.
class FlowPrograms {
 public:
  // Programs of `options.tier`, which is not kAuto, that write to `maps`: those of a
  // FlowTable of that tier, "overflow_ring" and "counters_map". `namespace_id` is what
  // they mark flows with. Only those for links of `kind` are loaded, since the verifier
  // takes its time with each. `stage` is for log lines during the call. PERMISSION_DENIED or
  // UNIMPLEMENTED if this process or this kernel cannot.
  static sdk::Result<std::unique_ptr<FlowPrograms>> Load(const KernelOptions& options,
                                                         const std::vector<ProgramMap>& maps,
                                                         uint32_t namespace_id, LinkKind kind,
                                                         const sdk::Stage& stage);

  // The one for links of that type (ARPHRD_*) and direction (WEIR_DIRECTION_*); null if
  // such links cannot be measured, or not in that direction by these programs. They must be of
  // the kind that was loaded.
  bpf_program* Find(uint16_t hardware_type, uint8_t direction) const;

  // What turns the end of flows that these programs wrote down into nanoseconds.
  sdk::Result<EndClock> ReadEndClock() const;

 private:
  struct DestroySkeleton {
    void operator()(flows_bpf* skeleton) const;
  };

  explicit FlowPrograms(const KernelOptions& options)
      : tier_(options.tier), clock_(options.clock), directions_(options.directions) {}
  bool Loads(uint8_t direction) const;
  void Configure(const KernelOptions& options, uint32_t namespace_id);
  // Leaves out the programs of the other tier, of another kind of links and of directions that
  // are not asked for.
  sdk::Status Choose(LinkKind kind);
  // As Find, of all directions.
  bpf_program* FindAny(uint16_t hardware_type, uint8_t direction) const;
  sdk::Status UseMaps(const std::vector<ProgramMap>& maps);

  const TableTier tier_;
  const weir_clock clock_;
  const std::vector<uint8_t> directions_;
  std::unique_ptr<flows_bpf, DestroySkeleton> skeleton_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_FLOW_PROGRAMS_H_
