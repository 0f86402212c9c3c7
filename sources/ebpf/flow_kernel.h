// SPDX-License-Identifier: Apache-2.0
// The kernel side of a datapath as the two sources see it, so that a fake can take
// its place.
#ifndef WEIR_SOURCES_EBPF_FLOW_KERNEL_H_
#define WEIR_SOURCES_EBPF_FLOW_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "bpf/flow.h"
#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"

namespace weir::ebpf {

enum class AttachMode { kAuto, kTcx, kClsact };

// What the programs are loaded with.
struct KernelOptions {
  uint32_t max_flows = 0;   // entries of each of the two tables
  uint32_t sampling = 0;    // one of N packets; 0 and 1: all
  uint32_t ring_bytes = 0;  // of the overflow ring; 0: nobody reads it
};

// A program at one hook of one interface. One thread at a time.
class Attachment {
 public:
  // Detaches, where neither Detach nor Abandon was called.
  virtual ~Attachment() = default;
  // Takes the program off the interface. Programs that run at this moment go on.
  virtual sdk::Status Detach() = 0;
  // The interface has gone and the program with it: touches no interface that may
  // have its index by now.
  virtual void Abandon() = 0;
};

// Two flow tables, of which the programs fill one, an overflow ring, and counters.
//
// Attach, Flip, Drain and Counters: one thread at a time. ReadOverflow: one thread
// at a time, which may be another one.
class FlowKernel {
 public:
  // `count` flows; the arrays are valid during the call only.
  using OnFlows =
      std::function<void(const flow_id_t* ids, const flow_value_t* values, size_t count)>;
  using OnRecord = std::function<void(const flow_record_t& record)>;

  virtual ~FlowKernel() = default;

  // `direction` is WEIR_DIRECTION_*. NOT_FOUND: the interface has gone meanwhile.
  virtual sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                          AttachMode mode) = 0;

  // Has the programs fill the other table, which must be drained. Returns when no
  // program runs any more that began before: takes milliseconds.
  virtual sdk::Status Flip() = 0;
  // Hands over all flows of the table that is not being filled, and empties it.
  virtual sdk::Status Drain(const OnFlows& on_flows) = 0;

  // Of all CPUs, since the programs were loaded.
  virtual sdk::Result<flow_counters_t> Counters() = 0;

  // Takes up to `limit` packets out of the ring; how many there were.
  virtual sdk::Result<size_t> ReadOverflow(size_t limit, const OnRecord& on_record) = 0;
};

// Makes one. `stage` is for log lines during the call.
using KernelLoader = std::function<sdk::Result<std::unique_ptr<FlowKernel>>(
    const KernelOptions& options, const sdk::Stage& stage)>;

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_FLOW_KERNEL_H_
