// SPDX-License-Identifier: Apache-2.0
// The source `pcap`: reads packets from captures.
#ifndef WEIR_SOURCES_PCAP_PCAP_SOURCE_H_
#define WEIR_SOURCES_PCAP_PCAP_SOURCE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/wakeup.h"
#include "sources/pcap/files/capture_files.h"
#include "sources/pcap/pcap.pb.h"

namespace weir::sources {

// A named file that cannot be read, or is not a capture, is an error; in a folder it is skipped. A
// damaged or cut-off file ends at the damage, with a warning and a counter, and the next file is
// read. A run that finds packets but can use none of them is an error. Threads: see sdk::Source.
class PcapSource : public sdk::Source {
 public:
  static constexpr uint64_t kCapabilities = 0;
  static constexpr bool kPausable = true;

  static sdk::Result<std::unique_ptr<PcapSource>> Create(const Pcap& config, sdk::Stage stage);

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Start() override;
  sdk::Status Run() override;
  void Interrupt() override;
  sdk::Status Stop() override;

 private:
  PcapSource(const Pcap& config, const weir_tunnels& tunnels, sdk::Stage stage);

  const Pcap config_;
  const weir_tunnels tunnels_;
  const sdk::Stage stage_;
  std::vector<pcap::CaptureFile> files_;
  sdk::Wakeup wakeup_;  // notified by Interrupt
  std::atomic<bool> interrupted_{false};
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_PCAP_PCAP_SOURCE_H_
