// SPDX-License-Identifier: Apache-2.0
// The configuration of the two sources, turned once into what they work with.
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
  KernelOptions kernel;  // but for the ring, which is another stage's
  absl::Duration eviction_interval;
  absl::Duration early_eviction_interval;  // the least, where the table is full
  std::string datapath;
};

struct RingSettings {
  std::string datapath;
  absl::Duration read_interval;
  uint32_t ring_bytes;
};

sdk::Result<MapSettings> SettingsOf(const sources::EbpfMap& config);
sdk::Result<RingSettings> SettingsOf(const sources::EbpfRingbuf& config);

// Under which the stages of one pipeline share the Datapath of that name.
std::string SharedName(const std::string& datapath);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_SETTINGS_H_
