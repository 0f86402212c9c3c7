// SPDX-License-Identifier: Apache-2.0
// The FlowKernel of the real kernel: bpf/flows.bpf.c through libbpf.
#ifndef WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_
#define WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/clsact_qdisc.h"
#include "sources/ebpf/flow_kernel.h"
#include "sources/ebpf/table_drain.h"

struct flows_bpf;
struct ring_buffer;
struct bpf_program;

namespace weir::ebpf {

// Threads as FlowKernel says. Forgets everything that is still in the kernel when
// it ends; attachments may outlive it.
class KernelFlows : public FlowKernel {
 public:
  // Creates the maps and loads the programs. PERMISSION_DENIED or UNIMPLEMENTED if
  // this process or this kernel cannot.
  static sdk::Result<std::unique_ptr<KernelFlows>> Load(const KernelOptions& options,
                                                        const sdk::Stage& stage);
  ~KernelFlows() override;

  sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                  AttachMode mode) override;
  sdk::Status Flip() override;
  sdk::Status Drain(const OnFlows& on_flows) override;
  sdk::Result<flow_counters_t> Counters() override;
  sdk::Result<size_t> ReadOverflow(size_t limit, const OnRecord& on_record) override;

  // The program for links of that type, for tests to run; -1 if there is none.
  int ProgramFd(uint16_t hardware_type, uint8_t direction) const;

 private:
  struct DestroySkeleton {
    void operator()(flows_bpf* skeleton) const;
  };
  struct FreeRing {
    void operator()(ring_buffer* ring) const;
  };

  KernelFlows() = default;
  sdk::Status LoadPrograms(const KernelOptions& options, const sdk::Stage& stage);
  sdk::Status MakeTables(const KernelOptions& options);
  sdk::Status MakeRing();
  sdk::Status Activate(int table);
  bpf_program* Program(uint16_t hardware_type, uint8_t direction) const;

  std::unique_ptr<flows_bpf, DestroySkeleton> skeleton_;
  std::array<sdk::UniqueFd, 2> tables_;
  int active_ = 0;  // the one that the programs fill
  TableDrain drain_;
  ClsactQdiscs qdiscs_;
  std::unique_ptr<ring_buffer, FreeRing> ring_;
  const OnRecord* on_record_ = nullptr;  // during ReadOverflow
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_FLOWS_H_
