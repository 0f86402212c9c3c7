// SPDX-License-Identifier: Apache-2.0
// The kernel side of a datapath as the two sources see it, so that a fake can take
// its place.
#ifndef WEIR_SOURCES_EBPF_FLOW_KERNEL_H_
#define WEIR_SOURCES_EBPF_FLOW_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/attach_options.h"

namespace weir::ebpf {

// Where the flows stand in the kernel: bpf/mapped_table.h or bpf/hash_table.h.
enum class TableTier { kAuto, kMapped, kHash };

// What the programs are loaded with.
struct KernelOptions {
  uint32_t max_flows = 0;   // flows between two flips
  uint32_t sampling = 0;    // one of N packets, without filter rules; 0 and 1: all
  uint32_t ring_bytes = 0;  // of the overflow ring; 0: nobody reads it
  TableTier tier = TableTier::kAuto;
  weir_clock clock = WEIR_CLOCK_PRECISE;
  uint16_t vxlan_port = 0;      // of UDP packets that are looked into; 0: none are
  bool all_namespaces = false;  // ForNamespace will be called
  // A folder of a BPF file system that keeps tables, counters and attached programs in the
  // kernel when this process ends; empty: they end with it.
  std::string pin_path{};
  // In the order in which they are gone through (FilterRulesOf); none: all packets.
  std::vector<flow_filter_rule_t> filter_rules = {};
};

// A flow as it comes out of a table or, with a packet each, out of the overflow ring.
// All times are CLOCK_MONOTONIC in ns, end_time too.
struct Flow {
  flow_id_t id;
  flow_value_t value;
};

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

// A program at one hook of one interface. One thread at a time.
class Attachment {
 public:
  // Detaches, where neither Detach nor Abandon was called.
  virtual ~Attachment() = default;
  // In what it differs from what was asked for, with the interface in front; else empty.
  const std::string& warning() const { return warning_; }
  // Takes the program off the interface. Programs that run at this moment go on.
  virtual sdk::Status Detach() = 0;
  // The interface has gone from this network namespace, and the program perhaps with it:
  // touches nothing else of an interface that may have its index by now.
  virtual void Abandon() = 0;
  // False if it is known to be no longer where it was put: somebody else has taken it
  // off, or the interface has gone, though another one may have its index.
  virtual bool IsInPlace() = 0;
  // Of a kernel that persists: lets go of the program, which stays on the interface.
  virtual void Keep() = 0;

 protected:
  explicit Attachment(std::string warning = "") : warning_(std::move(warning)) {}

 private:
  const std::string warning_;
};

// Programs that can be attached, loaded for the interfaces of one network namespace. One
// thread at a time.
class ProgramAttacher {
 public:
  virtual ~ProgramAttacher() = default;

  // In the network namespace of the calling thread. `direction` is WEIR_DIRECTION_*.
  // NOT_FOUND: the interface has gone meanwhile.
  virtual sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                          const AttachOptions& options) = 0;
};

// Two flow tables, of which the programs fill one, an overflow ring, and counters; and the
// programs for weir's own network namespace, whose flows have the namespace number 0.
//
// Attach, Flip, Drain and Counters: one thread at a time. ReadOverflow: one thread
// at a time, which may be another one.
class FlowKernel : public ProgramAttacher {
 public:
  // The flow is valid during the call only.
  using OnFlow = std::function<void(const Flow& flow)>;

  // More programs, for another network namespace: their flows go into the same tables and
  // have the number `namespace_id`. They are loaded when they are first attached, which may
  // take some tenths of a second. Its Attach is for as long as this object is there; what
  // is attached may outlive it.
  virtual std::unique_ptr<ProgramAttacher> ForNamespace(uint32_t namespace_id,
                                                        const sdk::Stage& stage) = 0;

  // Has the programs fill the other table, which must be drained. Returns when no
  // program runs any more that began before: takes milliseconds.
  virtual sdk::Status Flip() = 0;
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

  // Takes up to `limit` packets out of the ring; how many there were.
  virtual sdk::Result<size_t> ReadOverflow(size_t limit, const OnFlow& on_packet) = 0;
};

// Makes one. `stage` is for log lines during the call.
using KernelLoader = std::function<sdk::Result<std::unique_ptr<FlowKernel>>(
    const KernelOptions& options, const sdk::Stage& stage)>;

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_FLOW_KERNEL_H_
