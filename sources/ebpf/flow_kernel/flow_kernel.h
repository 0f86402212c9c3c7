// SPDX-License-Identifier: Apache-2.0
// The kernel side of a datapath, as the two sources use it. A test can replace it with a fake.
#ifndef WEIR_SOURCES_EBPF_FLOW_KERNEL_FLOW_KERNEL_H_
#define WEIR_SOURCES_EBPF_FLOW_KERNEL_FLOW_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "bpf/flow.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/attachment.h"
#include "sources/ebpf/kernel/kernel_options.h"
#include "sources/ebpf/tables/flow.h"

namespace weir::ebpf {

// Sums of all CPUs, since the maps were made.
struct DatapathCounters {
  flow_counters_t kernel{};    // counted by the programs
  uint64_t table_packets = 0;  // in the flows that were drained
  uint64_t table_bytes = 0;

  // Accounted or dropped packets. Packets left out by filter rules or sampling, and packets still
  // in a table, are not included.
  uint64_t packets() const {
    return table_packets + kernel.ringbuf_packets + kernel.dropped_packets;
  }
  // Packets of flows that found the table full.
  uint64_t Full() const { return kernel.table_failures[WEIR_TABLE_FULL]; }
  uint64_t bytes() const { return table_bytes + kernel.ringbuf_bytes + kernel.dropped_bytes; }
};

// Two flow tables, of which the programs fill one; an overflow ring; counters; and the programs for
// weir's own network namespace, whose flows have the namespace id 0.
//
// Three threads may use it at once, one per part: Attach, ForNamespace and DetachLeftovers; Flip,
// Drain, Read, Clear and Counters; ReadOverflow. No part waits for another.
class FlowKernel : public ProgramAttacher {
 public:
  // Returns an attacher with more programs, for another network namespace. Their flows go into the
  // same tables with the id `namespace_id`. The programs are loaded when they are first attached,
  // which may take some tenths of a second. Do not call its Attach after this object has ended.
  // Attachments may outlive it.
  virtual std::unique_ptr<ProgramAttacher> ForNamespace(uint32_t namespace_id,
                                                        const sdk::Stage& stage) = 0;

  // Makes the programs fill the other table, which must be drained. Returns when no program that
  // began before is running; takes milliseconds.
  virtual sdk::Status Flip() = 0;
  // Makes the programs stop counting, though they stay attached. Returns when no program that began
  // before is running. After that, Flip and Drain hand over the flows of both tables. Not for a
  // kernel that persists.
  virtual sdk::Status EndCounting() = 0;
  // Hands over all flows of the table that is not being filled, each once, and empties it.
  virtual sdk::Status Drain(const OnFlow& on_flow) = 0;
  // The two steps of Drain. If the tables persist, flows that were read but not cleared are handed
  // over again to the next process that takes over the tables.
  virtual sdk::Status Read(const OnFlow& on_flow) = 0;
  virtual sdk::Status Clear() = 0;

  // Returns true if tables and programs outlive this object, unless they are detached one by one.
  // It has then taken over those of an earlier process: the table that is not being filled may hold
  // flows before the first Flip.
  virtual bool Persists() const = 0;
  // Detaches the programs of an earlier process that Attach has not taken over.
  virtual sdk::Status DetachLeftovers() = 0;

  virtual sdk::Result<DatapathCounters> Counters() = 0;

  // Readable when ReadOverflow has packets. -1: there is no ring.
  virtual int overflow_fd() const = 0;
  // Takes up to `limit` packets out of the ring. Returns their number.
  virtual sdk::Result<size_t> ReadOverflow(size_t limit, const OnFlow& on_packet) = 0;
};

// Loads a FlowKernel. `stage` is used for log lines during the call.
using KernelLoader = std::function<sdk::Result<std::unique_ptr<FlowKernel>>(
    const KernelOptions& options, const sdk::Stage& stage)>;

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_FLOW_KERNEL_FLOW_KERNEL_H_
