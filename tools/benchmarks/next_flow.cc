// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/next_flow.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"  // keep: the skeleton uses its types
#include "bpf/testing/next_flow_bpf.skel.h"
#include "bpf/testing/packet_bytes.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/kernel/load_error.h"
#include "tools/benchmarks/comparison.h"

namespace weir::benchmarks {

namespace {

using ebpf::operator+;

ebpf::Bytes PacketOf(const Traffic& traffic) {
  constexpr uint8_t kTcp = 6;
  constexpr size_t kTcpHeader = 20;
  constexpr size_t kFlags = 13;
  constexpr uint8_t kAck = 0x10;
  ebpf::Bytes tcp = ebpf::Transport(kTcpHeader);
  tcp[kFlags] = kAck;
  return traffic.ipv6 ? ebpf::Ethernet({0x86dd}) + ebpf::Ipv6(kTcp, kTcpHeader) + tcp
                      : ebpf::Ethernet({0x0800}) + ebpf::Ipv4(kTcp, kTcpHeader) + tcp;
}

}  // namespace

std::string Traffic::Name() const {
  return absl::StrCat(flows, flows == 1 ? " flow, " : " flows, ", ipv6 ? "IPv6" : "IPv4");
}

void NextFlow::DestroySkeleton::operator()(next_flow_bpf* skeleton) const {
  next_flow_bpf__destroy(skeleton);
}

NextFlow::~NextFlow() = default;

sdk::Result<std::unique_ptr<NextFlow>> NextFlow::Open(int program_fd) {
  std::unique_ptr<NextFlow> next_flow(new NextFlow);
  next_flow->skeleton_.reset(next_flow_bpf__open());
  if (next_flow->skeleton_ == nullptr) return sdk::ErrnoStatus("open BPF object", errno);
  next_flow_bpf* const skeleton = next_flow->skeleton_.get();
  int error = -next_flow_bpf__load(skeleton);
  if (error != 0) return ebpf::KernelRefusal("load the program that changes flows", error, true);
  const uint32_t zero = 0;
  const int measured = program_fd < 0 ? next_flow->empty_fd() : program_fd;
  error =
      -bpf_map_update_elem(bpf_map__fd(skeleton->maps.measured_program), &zero, &measured, BPF_ANY);
  if (error != 0) return sdk::ErrnoStatus("go on with the program under measurement", error);
  return next_flow;
}

int NextFlow::empty_fd() const { return bpf_program__fd(skeleton_->progs.empty); }

void NextFlow::Begin(const Traffic& traffic, Order order) {
  traffic_ = traffic;
  skeleton_->data->flows = traffic.flows;
  // Odd, and so none of a power of two is left out: a good third of them further each time.
  skeleton_->data->stride = order == Order::kAscending ? 1 : (traffic.flows * 3 / 8) | 1;
  skeleton_->bss->next_number = 0;
}

sdk::Result<double> NextFlow::Run(uint32_t packets) {
  const ebpf::Bytes packet = PacketOf(traffic_);
  ebpf::LibbpfOptions<bpf_test_run_opts> options;
  options->data_in = packet.data();
  options->data_size_in = static_cast<uint32_t>(packet.size());
  options->repeat = static_cast<int>(packets);
  const int64_t begin = ThreadCpuNs();
  const int error =
      -bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.next_flow), options.get());
  const int64_t end = ThreadCpuNs();
  if (error != 0) return sdk::ErrnoStatus("run a program", error);
  return static_cast<double>(end - begin) / packets;
}

}  // namespace weir::benchmarks
