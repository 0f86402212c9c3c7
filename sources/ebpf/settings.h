// SPDX-License-Identifier: Apache-2.0
// The configuration of the two sources, converted once to the types that they use.
#ifndef WEIR_SOURCES_EBPF_SETTINGS_H_
#define WEIR_SOURCES_EBPF_SETTINGS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/ebpf.pb.h"
#include "sources/ebpf/interfaces/interface_settings.h"
#include "sources/ebpf/kernel/kernel_options.h"

namespace weir::ebpf {

struct MapSettings {
  InterfaceSettings interfaces;
  KernelOptions kernel;  // without the ring's size, which another stage sets
  absl::Duration eviction_interval;
  absl::Duration early_eviction_interval;  // the least time between evictions of a full table
  std::string datapath;
};

struct RingSettings {
  std::string datapath;
  absl::Duration read_interval;
  uint32_t ring_bytes;
};

sdk::Result<MapSettings> SettingsOf(const sources::EbpfMap& config);
sdk::Result<RingSettings> SettingsOf(const sources::EbpfRingbuf& config);

// Returns the name under which the stages of one pipeline share the Datapath `datapath`.
std::string SharedName(const std::string& datapath);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_SETTINGS_H_
