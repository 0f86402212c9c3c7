// SPDX-License-Identifier: Apache-2.0
// Programs that keep flows in a table, weir's and those of peers' designs, to be
// measured in the same way.
#ifndef WEIR_TOOLS_BENCHMARKS_CONTENDER_H_
#define WEIR_TOOLS_BENCHMARKS_CONTENDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "plugins/sdk/status.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "tools/benchmarks/next_flow.h"

namespace weir::benchmarks {

// One thread at a time.
class Contender {
 public:
  explicit Contender(std::string name) : name_(std::move(name)) {}
  virtual ~Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  const std::string& name() const { return name_; }
  // For a TCX hook, ingress, and links with an Ethernet header; valid as long as this.
  virtual int program_fd() const = 0;
  // Takes all flows out of the table.
  virtual sdk::Status Empty() = 0;
  // What a reader has to do between two measurements, so that they find the same.
  virtual sdk::Status DrainOverflow() { return sdk::OkStatus(); }

  // Packets for it.
  NextFlow* packets() const { return packets_.get(); }
  // Once the program is loaded.
  sdk::Status OpenPackets();

 private:
  const std::string name_;
  std::unique_ptr<NextFlow> packets_;
};

using Loaded = sdk::Result<std::unique_ptr<Contender>>;

// A program that does nothing.
Loaded LoadEmpty(const std::string& name);
// Weir's own, as they are loaded for an interface.
Loaded LoadWeir(const std::string& name, const ebpf::KernelOptions& options);
// Those of bpf/testing/peer_tables.bpf.c.
enum class Peer { kPerCpuHash, kSpinLockHash };
Loaded LoadPeer(const std::string& name, Peer peer, uint32_t max_flows);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_CONTENDER_H_
