// SPDX-License-Identifier: Apache-2.0
// The source `ebpf_ringbuf`: reads the packets that found no room in the flow table.
#ifndef WEIR_SOURCES_EBPF_RING_SOURCE_H_
#define WEIR_SOURCES_EBPF_RING_SOURCE_H_

#include <cstdint>
#include <memory>

#include "plugins/sdk/component.h"
#include "sources/ebpf/datapath.h"
#include "sources/ebpf/ebpf.pb.h"
#include "sources/ebpf/kernel/kernel_features.h"
#include "sources/ebpf/settings.h"

namespace weir::ebpf {

// Threads: see plugins/abi.
class RingSource : public sdk::Source {
 public:
  static sdk::Result<std::unique_ptr<RingSource>> Create(const sources::EbpfRingbuf& config,
                                                         sdk::Stage stage);

  // Run only reads memory that was mapped when the programs were loaded. This stage loads them if
  // it is the first to start.
  static constexpr uint64_t kCapabilities = uint64_t{1} << kCapBpf;

  // `datapath` must outlive it.
  RingSource(sdk::Stage stage, RingSettings settings, Datapath* datapath);
  ~RingSource() override;

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Start() override;
  sdk::Status Run() override;
  // Run continues until the map's source has detached the programs, because packets come until
  // then. The map's source detaches them when it is interrupted or fails.
  void Interrupt() override {}
  sdk::Status Stop() override;

 private:
  const sdk::Stage stage_;
  const RingSettings settings_;
  Datapath* const datapath_;
  FlowKernel* kernel_ = nullptr;  // of datapath_, from Start to Stop
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_RING_SOURCE_H_
