// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/testing/traffic_generator.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <sched.h>

#include <cerrno>
#include <cstddef>

#include "bpf/testing/packet_bytes.h"
#include "bpf/testing/traffic_generator_bpf.skel.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/kernel/load_error.h"

namespace weir::ebpf {

namespace {

constexpr uint8_t kUdp = 17;
constexpr size_t kUdpHeader = 8;
// The shortest frames, of different lengths, so that bytes tell the families apart.
constexpr size_t kFrameBytes[WEIR_FRAME_FAMILIES] = {60, 78};

// Sends to a MAC address that nobody has: the stack drops the packets after the hook.
Bytes Frame(weir_frame_family family) {
  Bytes frame = family == WEIR_FRAME_IPV4
                    ? Ethernet({0x0800}) + Ipv4(kUdp, kUdpHeader) + Transport(kUdpHeader)
                    : Ethernet({0x86dd}) + Ipv6(kUdp, kUdpHeader) + Transport(kUdpHeader);
  frame.resize(kFrameBytes[family]);
  return frame;
}

}  // namespace

sdk::Status RunOnCpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) {
    return sdk::ErrnoStatus("run on one processor", errno);
  }
  return sdk::OkStatus();
}

std::vector<int> AvailableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
  }
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

void TrafficGenerator::DestroySkeleton::operator()(traffic_generator_bpf* skeleton) const {
  traffic_generator_bpf__destroy(skeleton);
}

TrafficGenerator::~TrafficGenerator() = default;

sdk::Result<std::unique_ptr<TrafficGenerator>> TrafficGenerator::Open(uint32_t if_index,
                                                                      uint32_t flows) {
  std::unique_ptr<TrafficGenerator> generator(new TrafficGenerator(if_index));
  generator->skeleton_.reset(traffic_generator_bpf__open());
  if (generator->skeleton_ == nullptr) return sdk::ErrnoStatus("open BPF object", errno);
  generator->skeleton_->rodata->flows = flows;
  const int error = -traffic_generator_bpf__load(generator->skeleton_.get());
  if (error != 0) return KernelRefusal("load the traffic generator", error);
  return generator;
}

sdk::Status TrafficGenerator::Send(weir_frame_family family, uint32_t count) {
  if (count == 0) return sdk::OkStatus();
  const Bytes frame = Frame(family);
  xdp_md context{};
  context.data_end = static_cast<uint32_t>(frame.size());
  context.ingress_ifindex = if_index_;
  LibbpfOptions<bpf_test_run_opts> options;
  options->data_in = frame.data();
  options->data_size_in = static_cast<uint32_t>(frame.size());
  options->ctx_in = &context;
  options->ctx_size_in = sizeof(context);
  options->flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  options->repeat = static_cast<int>(count);
  const int error =
      -bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.generate), options.get());
  if (error != 0) return sdk::ErrnoStatus("generate packets", error);
  return sdk::OkStatus();
}

sdk::Result<std::array<SentTraffic, WEIR_FRAME_FAMILIES>> TrafficGenerator::Sent() const {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return sdk::ErrnoStatus("count processors", -cpus);
  std::vector<weir_generator_state> per_cpu(static_cast<size_t>(cpus));
  static_assert(sizeof(weir_generator_state) % 8 == 0, "the kernel's stride of per-CPU values");
  const uint32_t zero = 0;
  const int error =
      -bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.generator_state), &zero, per_cpu.data());
  if (error != 0) return sdk::ErrnoStatus("read the generator's counters", error);
  std::array<SentTraffic, WEIR_FRAME_FAMILIES> sum{};
  for (const weir_generator_state& state : per_cpu) {
    for (int family = 0; family < WEIR_FRAME_FAMILIES; ++family) {
      sum[family].packets += state.packets[family];
      sum[family].bytes += state.bytes[family];
    }
  }
  return sum;
}

}  // namespace weir::ebpf
