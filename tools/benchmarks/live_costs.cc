// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/testing/traffic_generator.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/testing/traffic_generator.h"
#include "tools/benchmarks/comparison.h"
#include "tools/benchmarks/contender.h"
#include "tools/benchmarks/datapath_costs.h"
#include "tools/benchmarks/line_up.h"

namespace weir::benchmarks {

namespace {

constexpr char kNothing[] = "nothing attached";

sdk::Result<double> SendAndMeasure(uint32_t packets, ebpf::TrafficGenerator* generator) {
  const int64_t begin = ThreadCpuNs();
  const sdk::Status status = generator->Send(WEIR_FRAME_IPV4, packets);
  const int64_t end = ThreadCpuNs();
  if (!status.ok()) return status;
  return static_cast<double>(end - begin) / packets;
}

// The processor time of each packet with the program at the interface's TCX hook.
sdk::Result<double> SendThrough(int program_fd, uint32_t if_index, uint32_t packets,
                                ebpf::TrafficGenerator* generator) {
  const sdk::UniqueFd link(
      bpf_link_create(program_fd, static_cast<int>(if_index), BPF_TCX_INGRESS, nullptr));
  if (link.get() < 0) return sdk::ErrnoStatus("attach a program", errno);
  // Not measured: what comes first meets cold caches.
  const sdk::Status status = generator->Send(WEIR_FRAME_IPV4, packets / 8);
  if (!status.ok()) return status;
  return SendAndMeasure(packets, generator);
}

}  // namespace

Measurements MeasureLive(const Effort& effort, const std::string& interface) {
  const uint32_t if_index = if_nametoindex(interface.c_str());
  if (if_index == 0) return sdk::ErrnoStatus(absl::StrCat("interface '", interface, "'"), errno);
  sdk::Result<LineUp> line_up = LoadTables(effort.few_flows);
  if (!line_up.ok()) return line_up.status();
  sdk::Result<std::unique_ptr<ebpf::TrafficGenerator>> opened =
      ebpf::TrafficGenerator::Open(if_index, effort.few_flows);
  if (!opened.ok()) return opened.status();
  ebpf::TrafficGenerator* const generator = opened->get();
  const uint32_t packets = effort.packets;
  std::vector<Subject> subjects = {
      {kNothing, "", [=] { return SendAndMeasure(packets, generator); }}};
  for (const auto& contender : *line_up) {
    const int program_fd = contender->program_fd();
    subjects.push_back({contender->name(), kSpinLockHash,
                        [=] { return SendThrough(program_fd, if_index, packets, generator); }});
  }
  return Compare("live", absl::StrCat(effort.few_flows, " flows, IPv4"), effort.rounds, kNothing,
                 subjects);
}

}  // namespace weir::benchmarks
