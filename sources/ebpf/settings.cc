// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/settings.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "bpf/tunnel_settings.h"
#include "plugins/sdk/duration_option.h"
#include "sources/ebpf/attach_settings.h"
#include "sources/ebpf/rules/filter_rules.h"

namespace weir::ebpf {

namespace {

using sources::EbpfMap;

std::vector<uint8_t> DirectionsOf(EbpfMap::Direction direction) {
  switch (direction) {
    case EbpfMap::INGRESS:
      return {WEIR_DIRECTION_INGRESS};
    case EbpfMap::EGRESS:
      return {WEIR_DIRECTION_EGRESS};
    case EbpfMap::BOTH:
      break;
  }
  return {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS};
}

TableTier TierOf(EbpfMap::FlowTable table) {
  switch (table) {
    case EbpfMap::MAPPED:
      return TableTier::kMapped;
    case EbpfMap::HASH:
      return TableTier::kHash;
    case EbpfMap::FASTEST:
      break;
  }
  return TableTier::kAuto;
}

sdk::Result<InterfaceSelector> InterfacesOf(const EbpfMap& config) {
  const std::vector<std::string> include(config.interfaces().begin(), config.interfaces().end());
  sdk::Status status = CheckInterfaceNames("interfaces", include, /*may_be_empty=*/false);
  if (!status.ok()) return status;
  std::optional<std::vector<std::string>> exclude;
  if (config.exclude_interfaces_size() > 0) {
    exclude.emplace(config.exclude_interfaces().begin(), config.exclude_interfaces().end());
    status = CheckInterfaceNames("exclude_interfaces", *exclude, /*may_be_empty=*/true);
    if (!status.ok()) return status;
  }
  if (config.interfaces_size() > 0 && config.interface_ips_size() > 0) {
    return sdk::Status(WEIR_INVALID_ARGUMENT,
                       "interface_ips: cannot be combined with interfaces: set only one of them");
  }
  return InterfaceSelector::Make(include, exclude,
                                 {config.interface_ips().begin(), config.interface_ips().end()});
}

// Kept state must have the same meaning in the next run.
sdk::Status CheckPinPath(const EbpfMap& config) {
  if (config.pin_path().empty()) return sdk::OkStatus();
  if (config.attach() == EbpfMap::CLSACT) {
    return {WEIR_INVALID_ARGUMENT,
            "pin_path: has no effect with attach: CLSACT: its filters cannot be pinned"};
  }
  if (config.netns() == EbpfMap::ALL) {
    return {WEIR_INVALID_ARGUMENT,
            "pin_path: cannot be combined with netns: ALL: its namespace ids are valid only for "
            "one run"};
  }
  return sdk::OkStatus();
}

sdk::Result<KernelOptions> KernelOptionsOf(const EbpfMap& config) {
  if (config.cache_max_flows() == 0) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, "cache_max_flows: must be at least 1");
  }
  if (const sdk::Status status = CheckPinPath(config); !status.ok()) return status;
  sdk::Result<std::vector<flow_filter_rule_t>> filter_rules = FilterRulesOf(config);
  if (!filter_rules.ok()) return filter_rules.status();
  KernelOptions kernel;
  kernel.max_flows = config.cache_max_flows();
  kernel.sampling = config.sampling();
  kernel.vlan_key = config.vlan_key();
  kernel.all_namespaces = config.netns() == EbpfMap::ALL;
  kernel.tier = TierOf(config.flow_table());
  kernel.clock = config.timestamps() == EbpfMap::COARSE ? WEIR_CLOCK_COARSE : WEIR_CLOCK_PRECISE;
  kernel.pin_path = config.pin_path();
  kernel.filter_rules = *std::move(filter_rules);
  kernel.directions = DirectionsOf(config.direction());
  if (const char* const wrong = TunnelsOf(config, &kernel.tunnels); wrong != nullptr) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, wrong);
  }
  return kernel;
}

}  // namespace

sdk::Result<MapSettings> SettingsOf(const EbpfMap& config) {
  sdk::Result<InterfaceSelector> interfaces = InterfacesOf(config);
  if (!interfaces.ok()) return interfaces.status();
  sdk::Result<std::chrono::nanoseconds> interval =
      sdk::DurationOption("cache_active_timeout", config.cache_active_timeout());
  if (!interval.ok()) return interval.status();
  sdk::Result<std::chrono::nanoseconds> early =
      sdk::DurationOption("cache_early_eviction_interval", config.cache_early_eviction_interval());
  if (!early.ok()) return early.status();
  sdk::Result<AttachOptions> attach = AttachOptionsOf(config);
  if (!attach.ok()) return attach.status();
  sdk::Result<KernelOptions> kernel = KernelOptionsOf(config);
  if (!kernel.ok()) return kernel.status();
  return MapSettings{{*std::move(interfaces), kernel->directions, *std::move(attach)},
                     *std::move(kernel),
                     absl::FromChrono(*interval),
                     absl::FromChrono(*early),
                     config.datapath()};
}

sdk::Result<RingSettings> SettingsOf(const sources::EbpfRingbuf& config) {
  sdk::Result<std::chrono::nanoseconds> interval =
      sdk::DurationOption("read_interval", config.read_interval());
  if (!interval.ok()) return interval.status();
  if (config.ring_bytes() == 0) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, "ring_bytes: must be at least 1");
  }
  return RingSettings{config.datapath(), absl::FromChrono(*interval), config.ring_bytes()};
}

std::string SharedName(const std::string& datapath) { return absl::StrCat("datapath/", datapath); }

}  // namespace weir::ebpf
