// SPDX-License-Identifier: Apache-2.0
// The FlowKernel of the real kernel: bpf/flows.bpf.c through libbpf.
#ifndef WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_
#define WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sources/ebpf/clsact_qdisc.h"
#include "sources/ebpf/end_clock.h"
#include "sources/ebpf/flow_kernel.h"
#include "sources/ebpf/flow_table.h"

struct flows_bpf;
struct ring_buffer;
struct bpf_program;

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
  struct DestroySkeleton {
    void operator()(flows_bpf* skeleton) const;
  };
  struct FreeRing {
    void operator()(ring_buffer* ring) const;
  };

  explicit KernelFlows(TableTier tier) : tier_(tier) {}
  static sdk::Result<std::unique_ptr<KernelFlows>> LoadTier(TableTier tier,
                                                            const KernelOptions& options,
                                                            const sdk::Stage& stage);
  sdk::Status Configure(const KernelOptions& options);
  // The parts of it that differ by tier: before the programs are loaded, and after.
  sdk::Status PrepareMapped(const KernelOptions& options);
  sdk::Status PrepareHash();
  sdk::Status FinishTable(const KernelOptions& options);
  sdk::Status ReadClocks(weir_clock clock);
  sdk::Status MakeRing();
  bpf_program* Program(uint16_t hardware_type, uint8_t direction) const;

  const TableTier tier_;
  std::unique_ptr<flows_bpf, DestroySkeleton> skeleton_;
  std::unique_ptr<FlowTable> table_;
  EndClock end_clock_;
  DatapathCounters drained_;  // the part that is counted here
  ClsactQdiscs qdiscs_;
  std::unique_ptr<ring_buffer, FreeRing> ring_;
  const OnFlow* on_packet_ = nullptr;  // during ReadOverflow
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_
