// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/pcap_source.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "bpf/tunnel_settings.h"
#include "core/record/record.h"
#include "sources/pcap/diagnosis.h"
#include "sources/pcap/progress.h"
#include "sources/pcap/reading.h"

namespace weir::sources {

namespace {

// Returns none if one of the sizes is not known.
std::optional<uint64_t> TotalBytes(const std::vector<pcap::CaptureFile>& files) {
  uint64_t total = 0;
  for (const pcap::CaptureFile& file : files) {
    if (!file.size.has_value()) return std::nullopt;
    total += *file.size;
  }
  return total;
}

}  // namespace

sdk::Result<std::unique_ptr<PcapSource>> PcapSource::Create(const Pcap& config, sdk::Stage stage) {
  if (config.path().empty()) return sdk::Status(WEIR_INVALID_ARGUMENT, "path: is required");
  for (const std::string& path : config.path()) {
    if (path.empty()) return sdk::Status(WEIR_INVALID_ARGUMENT, "path: is empty");
  }
  if (config.interface().size() > kMaxInterfaceName) {
    return sdk::Status(WEIR_INVALID_ARGUMENT,
                       "interface: has more than " + std::to_string(kMaxInterfaceName) + " bytes");
  }
  weir_tunnels tunnels;
  if (const char* const wrong = ebpf::TunnelsOf(config, &tunnels); wrong != nullptr) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, wrong);
  }
  return std::unique_ptr<PcapSource>(new PcapSource(config, tunnels, std::move(stage)));
}

PcapSource::PcapSource(const Pcap& config, const weir_tunnels& tunnels, sdk::Stage stage)
    : config_(config), tunnels_(tunnels), stage_(std::move(stage)) {}

sdk::Status PcapSource::Diagnose(const sdk::Findings& findings) {
  findings.Add(pcap::DiagnoseCaptures({config_.path().begin(), config_.path().end()}));
  return sdk::OkStatus();
}

sdk::Status PcapSource::Start() {
  sdk::Result<std::vector<pcap::CaptureFile>> files =
      pcap::FindCaptures({config_.path().begin(), config_.path().end()});
  if (!files.ok()) return files.status();
  if (sdk::Status status = wakeup_.Open(); !status.ok()) return status;
  files_ = *std::move(files);
  return sdk::OkStatus();
}

sdk::Status PcapSource::Run() {
  pcap::ReadingOptions options;
  options.realtime = config_.realtime();
  options.tunnels = tunnels_;
  options.vlan_key = config_.vlan_key();
  if (pcap::HasTerminal(STDERR_FILENO, STDOUT_FILENO)) options.progress_fd = STDERR_FILENO;
  options.total_bytes = TotalBytes(files_);
  options.wake_fd = wakeup_.fd();
  options.interrupted = &interrupted_;
  options.interface_name = config_.interface();
  pcap::Reading reading(&stage_, options);
  sdk::Status status;
  for (pcap::CaptureFile& file : files_) {
    if (!status.ok() || interrupted_.load(std::memory_order_relaxed)) break;
    status = reading.Read(&file);
  }
  const sdk::Status finished = reading.Finish();
  return status.ok() ? finished : status;
}

void PcapSource::Interrupt() {
  interrupted_.store(true, std::memory_order_relaxed);
  if (const sdk::Status status = wakeup_.Notify(); !status.ok()) {
    stage_.Log(WEIR_LOG_ERROR, status.message());
  }
}

sdk::Status PcapSource::Stop() {
  files_.clear();
  wakeup_.Close();
  return sdk::OkStatus();
}

}  // namespace weir::sources
