// SPDX-License-Identifier: Apache-2.0
// The kernel side of a datapath as the two sources see it, so that a fake can take
// its place.
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

// Of all CPUs, since the maps were made.
struct DatapathCounters {
  flow_counters_t kernel{};    // as the programs counted
  uint64_t table_packets = 0;  // in the flows that were drained
  uint64_t table_bytes = 0;

  // Accounted or dropped: all but those that filter rules or sampling left out and those
  // still in a table.
  uint64_t packets() const {
    return table_packets + kernel.ringbuf_packets + kernel.dropped_packets;
  }
  // Packets of flows that came when the table was full.
  uint64_t Full() const { return kernel.table_failures[WEIR_TABLE_FULL]; }
  uint64_t bytes() const { return table_bytes + kernel.ringbuf_bytes + kernel.dropped_bytes; }
};

// Two flow tables, of which the programs fill one, an overflow ring, and counters; and the
// programs for weir's own network namespace, whose flows have the namespace number 0.
//
// Three threads may use it at once, each one part: Attach, ForNamespace and DetachLeftovers;
// Flip, Drain, Read, Clear and Counters; ReadOverflow. No part waits for another one.
class FlowKernel : public ProgramAttacher {
 public:
  // More programs, for another network namespace: their flows go into the same tables and
  // have the number `namespace_id`. They are loaded when they are first attached, which may
  // take some tenths of a second. Its Attach is for as long as this object is there; what
  // is attached may outlive it.
  virtual std::unique_ptr<ProgramAttacher> ForNamespace(uint32_t namespace_id,
                                                        const sdk::Stage& stage) = 0;

  // Has the programs fill the other table, which must be drained. Returns when no
  // program runs any more that began before: takes milliseconds.
  virtual sdk::Status Flip() = 0;
  // Has the programs count no packet any more, though they stay attached. Returns when none runs
  // any more that began before. Then Flip and Drain hand over what is in both tables. Not of
  // one that persists.
  virtual sdk::Status EndCounting() = 0;
  // Hands over all flows of the table that is not being filled, each once, and
  // empties it.
  virtual sdk::Status Drain(const OnFlow& on_flow) = 0;
  // The two steps of it apart. What has been read and not cleared is there again for the
  // next one to whom the tables belong, if they persist.
  virtual sdk::Status Read(const OnFlow& on_flow) = 0;
  virtual sdk::Status Clear() = 0;

  // Whether tables and programs outlive this object, unless they are detached one by one.
  // What it found of a former one it has taken over: the table that is not being filled
  // may hold flows before the first Flip.
  virtual bool Persists() const = 0;
  // Detaches the programs that it found and that Attach has not taken over since.
  virtual sdk::Status DetachLeftovers() = 0;

  virtual sdk::Result<DatapathCounters> Counters() = 0;

  // Readable when ReadOverflow has packets; -1: there is no ring.
  virtual int overflow_fd() const = 0;
  // Takes up to `limit` packets out of the ring; how many there were.
  virtual sdk::Result<size_t> ReadOverflow(size_t limit, const OnFlow& on_packet) = 0;
};

// Makes one. `stage` is for log lines during the call.
using KernelLoader = std::function<sdk::Result<std::unique_ptr<FlowKernel>>(
    const KernelOptions& options, const sdk::Stage& stage)>;

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_FLOW_KERNEL_FLOW_KERNEL_H_
