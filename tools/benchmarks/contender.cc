// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/contender.h"

#include <net/if_arp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"

namespace weir::benchmarks {

namespace {

class EmptyProgram : public Contender {
 public:
  using Contender::Contender;
  // -1 while there are no packets: those that come then are for it.
  int program_fd() const override { return packets() == nullptr ? -1 : packets()->empty_fd(); }
  sdk::Status Empty() override { return sdk::OkStatus(); }
};

class WeirProgram : public Contender {
 public:
  WeirProgram(const std::string& name, std::unique_ptr<ebpf::KernelFlows> kernel)
      : Contender(name), kernel_(std::move(kernel)) {}

  int program_fd() const override {
    return kernel_->ProgramFd(ARPHRD_ETHER, WEIR_DIRECTION_INGRESS);
  }
  sdk::Status Empty() override {
    sdk::Status status = kernel_->Flip();
    if (status.ok()) status = kernel_->Drain([](const ebpf::Flow&) {});
    return status;
  }
  sdk::Status DrainOverflow() override {
    return kernel_->ReadOverflow(SIZE_MAX, [](const ebpf::Flow&) {}).status();
  }

 private:
  const std::unique_ptr<ebpf::KernelFlows> kernel_;
};

}  // namespace

sdk::Status Contender::OpenPackets() {
  sdk::Result<std::unique_ptr<NextFlow>> packets = NextFlow::Open(program_fd());
  if (!packets.ok()) return packets.status();
  packets_ = *std::move(packets);
  return sdk::OkStatus();
}

Loaded LoadEmpty(const std::string& name) {
  auto contender = std::make_unique<EmptyProgram>(name);
  const sdk::Status status = contender->OpenPackets();
  if (!status.ok()) return status;
  return std::unique_ptr<Contender>(std::move(contender));
}

Loaded LoadWeir(const std::string& name, const ebpf::KernelOptions& options) {
  sdk::testing::FakeHost host;
  sdk::Result<std::unique_ptr<ebpf::KernelFlows>> kernel =
      ebpf::KernelFlows::Load(options, host.MakeStage());
  if (!kernel.ok()) {
    return sdk::Status(kernel.status().code(), absl::StrCat(name, ": ", kernel.status().message()));
  }
  auto contender = std::make_unique<WeirProgram>(name, *std::move(kernel));
  const sdk::Status status = contender->OpenPackets();
  if (!status.ok()) return status;
  return std::unique_ptr<Contender>(std::move(contender));
}

}  // namespace weir::benchmarks
