// SPDX-License-Identifier: Apache-2.0
// The FlowKernel of the real kernel: bpf/flows.bpf.c through libbpf.
#ifndef WEIR_SOURCES_EBPF_FLOW_KERNEL_KERNEL_FLOWS_H_
#define WEIR_SOURCES_EBPF_FLOW_KERNEL_KERNEL_FLOWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/attach/clsact_qdisc.h"
#include "sources/ebpf/clocks/end_clock.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "sources/ebpf/kernel/flow_programs.h"
#include "sources/ebpf/pins/datapath_pins.h"
#include "sources/ebpf/pins/map_maker.h"
#include "sources/ebpf/tables/flow_table.h"

struct ring_buffer;

namespace weir::ebpf {

// Threads: see FlowKernel. Unless it persists, everything still in the kernel is lost when it ends.
// Attachments may outlive it.
class KernelFlows : public FlowKernel {
 public:
  // Creates the maps and loads the programs. With kAuto, uses the mapped tier if the kernel accepts
  // it. Returns PERMISSION_DENIED or UNIMPLEMENTED if this process or this kernel cannot load them,
  // and FAILED_PRECONDITION if `options.pin_path` is unsuitable or contains pins with another
  // layout or other options.
  static sdk::Result<std::unique_ptr<KernelFlows>> Load(const KernelOptions& options,
                                                        const sdk::Stage& stage);
  // Returns an error if the contents of `options.pin_path` would make Load fail. Changes nothing.
  static sdk::Status CheckPins(const KernelOptions& options);
  ~KernelFlows() override;

  sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                  const AttachOptions& options) override;
  std::unique_ptr<ProgramAttacher> ForNamespace(uint32_t namespace_id,
                                                const sdk::Stage& stage) override;
  sdk::Status Flip() override;
  sdk::Status EndCounting() override;
  sdk::Status Drain(const OnFlow& on_flow) override;
  sdk::Status Read(const OnFlow& on_flow) override;
  sdk::Status Clear() override;
  bool Persists() const override { return pins_ != nullptr; }
  sdk::Status DetachLeftovers() override;
  sdk::Result<DatapathCounters> Counters() override;
  int overflow_fd() const override;
  sdk::Result<size_t> ReadOverflow(size_t limit, const OnFlow& on_packet) override;

  // kMapped or kHash.
  TableTier tier() const { return tier_; }
  // Returns the program for links of that type, which tests run, or -1 if there is none.
  int ProgramFd(uint16_t hardware_type, uint8_t direction) const;

 private:
  struct FreeRing {
    void operator()(ring_buffer* ring) const;
  };

  explicit KernelFlows(const KernelOptions& options) : options_(options), tier_(options.tier) {}
  // Requires options with a tier.
  static sdk::Result<std::unique_ptr<KernelFlows>> LoadTier(const KernelOptions& options,
                                                            const sdk::Stage& stage);
  sdk::Status MakeTable(const MapMaker& maker);
  sdk::Status MakeOtherMaps(const MapMaker& maker);
  sdk::Status LoadPrograms(const sdk::Stage& stage);
  std::vector<ProgramMap> ProgramMaps() const;
  // Continues where an earlier process stopped, or notes that all maps are complete.
  sdk::Status ContinueFromPins(const sdk::Stage& stage);
  // Returns a function that sets the times of a flow, adds the flow to `totals` and passes it to
  // `on_flow`. Both must outlive the function.
  OnFlow Finished(const OnFlow& on_flow, TableTotals* totals) const;
  sdk::Status ClearHandedOver();
  // Maps the overflow ring into memory.
  sdk::Status OpenRing();

  const KernelOptions options_;
  const TableTier tier_;
  std::unique_ptr<FlowTable> table_;
  sdk::UniqueFd ring_map_;
  sdk::UniqueFd counters_map_;
  std::unique_ptr<FlowPrograms> programs_;
  EndClock end_clock_;
  DatapathCounters drained_;            // the part that user space counts
  TableTotals read_;                    // of the last Read, for Clear
  std::unique_ptr<DatapathPins> pins_;  // null: does not persist
  ClsactQdiscs qdiscs_;
  std::unique_ptr<ring_buffer, FreeRing> ring_;
  const OnFlow* on_packet_ = nullptr;  // during ReadOverflow
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_FLOW_KERNEL_KERNEL_FLOWS_H_
