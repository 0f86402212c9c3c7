// SPDX-License-Identifier: Apache-2.0
// The loaded programs of bpf/flows.bpf.c for one network namespace.
#ifndef WEIR_SOURCES_EBPF_KERNEL_FLOW_PROGRAMS_H_
#define WEIR_SOURCES_EBPF_KERNEL_FLOW_PROGRAMS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
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
  kAny,  // for programs: both kinds
  kEthernet,
  kNoLinkLayer,
};

// Returns the kind of a hardware type (ARPHRD_*), or nothing if such links cannot be measured.
std::optional<LinkKind> LinkKindOf(uint16_t hardware_type);

// Returns the error for an interface whose links cannot be measured.
sdk::Status CannotBeMeasured(std::string_view interface, uint16_t hardware_type);

// For one thread at a time. Attached programs outlive it.
class FlowPrograms {
 public:
  // Loads the programs of `options.tier`, which must not be kAuto. They write to `maps`: those of a
  // FlowTable of that tier, "overflow_ring" and "counters_map". They mark flows with
  // `namespace_id`. Loads only the programs for links of `kind`, because the verifier needs time
  // for each. `stage` is used for log lines during the call. Returns PERMISSION_DENIED or
  // UNIMPLEMENTED if this process or this kernel cannot load them.
  static sdk::Result<std::unique_ptr<FlowPrograms>> Load(const KernelOptions& options,
                                                         const std::vector<ProgramMap>& maps,
                                                         uint32_t namespace_id, LinkKind kind,
                                                         const sdk::Stage& stage);

  // Returns the program for links of that type (ARPHRD_*) and direction (WEIR_DIRECTION_*). Null if
  // such links cannot be measured, or if that direction is not loaded. The links must be of the
  // loaded kind.
  bpf_program* Find(uint16_t hardware_type, uint8_t direction) const;

  // Returns the clock that converts the end times of these programs' flows into nanoseconds.
  sdk::Result<EndClock> ReadEndClock() const;

 private:
  struct DestroySkeleton {
    void operator()(flows_bpf* skeleton) const;
  };

  explicit FlowPrograms(const KernelOptions& options)
      : tier_(options.tier), clock_(options.clock), directions_(options.directions) {}
  bool Loads(uint8_t direction) const;
  void Configure(const KernelOptions& options, uint32_t namespace_id);
  // Leaves out the programs of the other tier, of other kinds of links and of directions that are
  // not configured.
  sdk::Status Choose(LinkKind kind);
  // As Find, for all directions.
  bpf_program* FindAny(uint16_t hardware_type, uint8_t direction) const;
  sdk::Status UseMaps(const std::vector<ProgramMap>& maps);

  const TableTier tier_;
  const weir_clock clock_;
  const std::vector<uint8_t> directions_;
  std::unique_ptr<flows_bpf, DestroySkeleton> skeleton_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_FLOW_PROGRAMS_H_
