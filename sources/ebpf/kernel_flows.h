// SPDX-License-Identifier: Apache-2.0
// The FlowKernel of the real kernel: bpf/flows.bpf.c through libbpf.
#ifndef WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_
#define WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/clsact_qdisc.h"
#include "sources/ebpf/end_clock.h"
#include "sources/ebpf/flow_kernel.h"
#include "sources/ebpf/flow_programs.h"
#include "sources/ebpf/flow_table.h"

struct ring_buffer;

namespace weir::ebpf {

// Threads as FlowKernel says. Forgets everything that is still in the kernel when
// it ends; attachments may outlive it.
class KernelFlows : public FlowKernel {
 public:
  // Creates the maps and loads the programs, of the mapped tier if the options leave the
  // choice and the kernel takes them. PERMISSION_DENIED or UNIMPLEMENTED if this process
  // or this kernel cannot.
  static sdk::Result<std::unique_ptr<KernelFlows>> Load(const KernelOptions& options,
                                                        const sdk::Stage& stage);
  ~KernelFlows() override;

  sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                  const AttachOptions& options) override;
  sdk::Status Flip() override;
  sdk::Status Drain(const OnFlow& on_flow) override;
  sdk::Result<DatapathCounters> Counters() override;
  sdk::Result<size_t> ReadOverflow(size_t limit, const OnFlow& on_packet) override;

  // kMapped or kHash.
  TableTier tier() const { return tier_; }
  // The program for links of that type, for tests to run; -1 if there is none.
  int ProgramFd(uint16_t hardware_type, uint8_t direction) const;

 private:
  struct FreeRing {
    void operator()(ring_buffer* ring) const;
  };

  explicit KernelFlows(const KernelOptions& options) : options_(options), tier_(options.tier) {}
  static sdk::Result<std::unique_ptr<KernelFlows>> LoadTier(const KernelOptions& options,
                                                            const sdk::Stage& stage);
  sdk::Status MakeTable();
  sdk::Status MakeOtherMaps();
  sdk::Status LoadPrograms(const sdk::Stage& stage);
  // Maps the overflow ring into memory.
  sdk::Status OpenRing();

  const KernelOptions options_;
  const TableTier tier_;
  std::unique_ptr<FlowTable> table_;
  sdk::UniqueFd ring_map_;
  sdk::UniqueFd counters_map_;
  std::unique_ptr<FlowPrograms> programs_;
  EndClock end_clock_;
  DatapathCounters drained_;  // the part that is counted here
  ClsactQdiscs qdiscs_;
  std::unique_ptr<ring_buffer, FreeRing> ring_;
  const OnFlow* on_packet_ = nullptr;  // during ReadOverflow
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_
