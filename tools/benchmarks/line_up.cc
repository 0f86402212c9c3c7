// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/line_up.h"

#include <utility>

#include "bpf/flow.h"

namespace weir::benchmarks {

namespace {

using ebpf::KernelOptions;
using ebpf::TableTier;

constexpr uint32_t kRingBytes = 1 << 26;

sdk::Status Add(Loaded loaded, LineUp* line_up) {
  if (!loaded.ok()) return loaded.status();
  line_up->push_back(*std::move(loaded));
  return sdk::OkStatus();
}

}  // namespace

KernelOptions OptionsFor(TableTier tier, uint32_t flows) {
  KernelOptions options;
  options.max_flows = flows + flows / 8 + 1;
  options.tier = tier;
  return options;
}

sdk::Result<LineUp> LoadTables(uint32_t flows) {
  LineUp line_up;
  sdk::Status status = Add(LoadEmpty(kEmptyProgram), &line_up);
  for (const TableTier tier : {TableTier::kMapped, TableTier::kHash}) {
    for (const weir_clock clock : {WEIR_CLOCK_PRECISE, WEIR_CLOCK_COARSE}) {
      const std::string name = tier == TableTier::kMapped ? "MAPPED" : "HASH";
      KernelOptions options = OptionsFor(tier, flows);
      options.clock = clock;
      const char* const clock_name = clock == WEIR_CLOCK_PRECISE ? " PRECISE" : " COARSE";
      if (status.ok()) status = Add(LoadWeir(name + clock_name, options), &line_up);
    }
  }
  const uint32_t max_flows = OptionsFor(TableTier::kHash, flows).max_flows;
  if (status.ok()) status = Add(LoadPeer(kPerCpuHash, Peer::kPerCpuHash, max_flows), &line_up);
  if (status.ok()) status = Add(LoadPeer(kSpinLockHash, Peer::kSpinLockHash, max_flows), &line_up);
  if (!status.ok()) return status;
  return line_up;
}

std::vector<Feature> Features(uint32_t flows) {
  std::vector<Feature> features;
  for (const TableTier tier : {TableTier::kMapped, TableTier::kHash}) {
    const std::string name = tier == TableTier::kMapped ? "MAPPED" : "HASH";
    const KernelOptions defaults = OptionsFor(tier, flows);
    const auto add = [&](const std::string& feature, const KernelOptions& options) {
      features.push_back({name + feature, name, options});
    };
    add("", defaults);
    KernelOptions options = defaults;
    options.ring_bytes = kRingBytes;
    add(", ring buffer not needed", options);
    options.max_flows = 1;
    add(", table full, into the ring buffer", options);
    options.ring_bytes = 0;
    add(", table full, dropped", options);
    options = defaults;
    options.sampling = 2;
    add(", sampling 1:2", options);
    options.sampling = 1000;
    add(", sampling 1:1000", options);
    options = defaults;
    options.tunnels.vxlan_port = 4789;
    add(", vxlan INNER, none comes", options);
    options.tunnels = {/*vxlan_port=*/4789, /*geneve_port=*/6081, /*gre=*/1, /*ip_in_ip=*/1};
    add(", all tunnels INNER, none comes", options);
    options = defaults;
    options.filter_rules.resize(1);  // which asks for nothing
    add(", 1 filter rule", options);
    flow_filter_rule_t of_egress{};
    of_egress.fields = of_egress.fields_mask = weir_u64{1} << WEIR_FILTER_DIRECTION;
    options.filter_rules.insert(options.filter_rules.begin(), 63, of_egress);
    add(", 64 filter rules, the last fits", options);
  }
  return features;
}

sdk::Result<LineUp> LoadFeatures(const std::vector<Feature>& features) {
  LineUp line_up;
  sdk::Status status = Add(LoadEmpty(kEmptyProgram), &line_up);
  for (const Feature& feature : features) {
    if (status.ok()) status = Add(LoadWeir(feature.name, feature.options), &line_up);
  }
  if (!status.ok()) return status;
  return line_up;
}

}  // namespace weir::benchmarks
