// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if_arp.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "tools/benchmarks/datapath_costs.h"
#include "tools/benchmarks/line_up.h"

namespace weir::benchmarks {

namespace {

sdk::Result<ProgramSize> SizeOf(const std::string& name, int program_fd) {
  constexpr uint32_t kInstructionBytes = 8;
  bpf_prog_info info;
  std::memset(&info, 0, sizeof(info));
  uint32_t size = sizeof(info);
  if (bpf_prog_get_info_by_fd(program_fd, &info, &size) != 0) {
    return sdk::ErrnoStatus("ask for a program's size", errno);
  }
  return ProgramSize{name, info.verified_insns, info.xlated_prog_len / kInstructionBytes,
                     info.jited_prog_len};
}

sdk::Status AddSizes(const Feature& feature, std::vector<ProgramSize>* sizes) {
  sdk::testing::FakeHost host;
  sdk::Result<std::unique_ptr<ebpf::KernelFlows>> kernel =
      ebpf::KernelFlows::Load(feature.options, host.MakeStage());
  if (!kernel.ok()) return kernel.status();
  for (const uint16_t hardware_type : {ARPHRD_ETHER, ARPHRD_NONE}) {
    const std::string link = hardware_type == ARPHRD_ETHER ? "" : ", no link layer";
    sdk::Result<ProgramSize> program =
        SizeOf(feature.name + link, (*kernel)->ProgramFd(hardware_type, WEIR_DIRECTION_INGRESS));
    if (!program.ok()) return program.status();
    sizes->push_back(*program);
  }
  return sdk::OkStatus();
}

}  // namespace

sdk::Result<std::vector<ProgramSize>> MeasurePrograms() {
  std::vector<ProgramSize> sizes;
  for (const Feature& feature : Features(/*flows=*/1)) {
    const sdk::Status status = AddSizes(feature, &sizes);
    if (!status.ok()) return status;
  }
  return sizes;
}

}  // namespace weir::benchmarks
