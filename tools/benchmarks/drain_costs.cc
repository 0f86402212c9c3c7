// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <net/if_arp.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/tables/flow.h"
#include "sources/ebpf/tables/table_drain.h"
#include "tools/benchmarks/comparison.h"
#include "tools/benchmarks/datapath_costs.h"
#include "tools/benchmarks/line_up.h"
#include "tools/benchmarks/next_flow.h"

namespace weir::benchmarks {

namespace {

using ebpf::Flow;
using ebpf::FlowKernel;
using ebpf::KernelFlows;
using ebpf::OnFlow;
using ebpf::TableTier;

constexpr char kByBatch[] = "HASH, lookup and delete by batch";

// The time of an entry. All of them must come: with a packet each, their sum is `entries`.
template <typename Drain>
sdk::Result<double> TimeOf(uint32_t entries, const Drain& drain) {
  uint64_t packets = 0;
  const OnFlow on_flow = [&](const Flow& flow) { packets += flow.value.packets; };
  const int64_t begin = ThreadCpuNs();
  const sdk::Status status = drain(on_flow);
  const int64_t end = ThreadCpuNs();
  if (!status.ok()) return status;
  // Of the mapped table a flow in half a million may find no place.
  if (packets + entries / 100'000 + 1 < entries) {
    return sdk::Status(WEIR_INTERNAL, absl::StrCat("of ", entries, " flows came ", packets));
  }
  return static_cast<double>(end - begin) / entries;
}

// A table of weir's that its own program has filled.
class FilledTable {
 public:
  static sdk::Result<std::unique_ptr<FilledTable>> Load(TableTier tier, uint32_t flows) {
    sdk::testing::FakeHost host;
    sdk::Result<std::unique_ptr<KernelFlows>> kernel =
        KernelFlows::Load(OptionsFor(tier, flows), host.MakeStage());
    if (!kernel.ok()) return kernel.status();
    sdk::Result<std::unique_ptr<NextFlow>> packets =
        NextFlow::Open((*kernel)->ProgramFd(ARPHRD_ETHER, WEIR_DIRECTION_INGRESS));
    if (!packets.ok()) return packets.status();
    return std::unique_ptr<FilledTable>(
        new FilledTable(flows, *std::move(kernel), *std::move(packets)));
  }

  sdk::Result<double> Sample() {
    packets_->Begin({flows_, /*ipv6=*/false}, NextFlow::Order::kAscending);
    sdk::Status status = packets_->Run(flows_).status();
    if (status.ok()) status = kernel_->Flip();
    if (!status.ok()) return status;
    return TimeOf(flows_, [this](const OnFlow& on_flow) { return kernel_->Drain(on_flow); });
  }

 private:
  FilledTable(uint32_t flows, std::unique_ptr<KernelFlows> kernel,
              std::unique_ptr<NextFlow> packets)
      : flows_(flows), kernel_(std::move(kernel)), packets_(std::move(packets)) {}

  const uint32_t flows_;
  const std::unique_ptr<KernelFlows> kernel_;
  const std::unique_ptr<NextFlow> packets_;
};

// A hash of the kernel with weir's entries, without a program.
sdk::Result<double> DrainSingly(uint32_t entries, int map_fd) {
  for (uint32_t i = 0; i < entries; ++i) {
    flow_key_t key{};
    key.id.if_index = i;
    flow_value_t value{};
    value.packets = 1;
    const int error = -bpf_map_update_elem(map_fd, &key, &value, BPF_NOEXIST);
    if (error != 0) return sdk::ErrnoStatus("fill a hash map", error);
  }
  ebpf::TableDrain drain(/*single=*/true);
  return TimeOf(entries, [&](const OnFlow& on_flow) { return drain.Drain(map_fd, on_flow); });
}

}  // namespace

// One by one takes seconds: a third of the rounds has to do.
Measurements MeasureDraining(const Effort& effort) {
  const uint32_t entries = effort.many_flows;
  sdk::Result<std::unique_ptr<FilledTable>> mapped = FilledTable::Load(TableTier::kMapped, entries);
  if (!mapped.ok()) return mapped.status();
  sdk::Result<std::unique_ptr<FilledTable>> hash = FilledTable::Load(TableTier::kHash, entries);
  if (!hash.ok()) return hash.status();
  const sdk::UniqueFd map(bpf_map_create(BPF_MAP_TYPE_HASH, "weir_benchmark", sizeof(flow_key_t),
                                         sizeof(flow_value_t), entries, nullptr));
  if (map.get() < 0) return sdk::ErrnoStatus("create a hash map", errno);
  return Compare("drain", absl::StrCat(entries, " entries"), effort.rounds / 3 + 1, /*floor=*/"",
                 {{"MAPPED, through memory", kByBatch, [&] { return (*mapped)->Sample(); }},
                  {kByBatch, kByBatch, [&] { return (*hash)->Sample(); }},
                  {"HASH, one by one", kByBatch, [&] { return DrainSingly(entries, map.get()); }}});
}

}  // namespace weir::benchmarks
