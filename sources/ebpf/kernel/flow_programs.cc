// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/kernel/flow_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if_arp.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "bpf/flows_bpf.skel.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/kernel/kernel_features.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/kernel/load_error.h"
#include "sources/ebpf/kernel/sampling.h"

namespace weir::ebpf {

namespace {

constexpr size_t kVerifierLogBytes = 64 * 1024;
constexpr size_t kVerifierLogShown = 2 * 1024;

// Suppresses libbpf's messages: it also reports each failure by errno, and weir words its own.
int SayNothing(libbpf_print_level /*level*/, const char* /*format*/, va_list /*arguments*/) {
  return 0;
}

bool HasEthernetHeader(uint16_t hardware_type) {
  return hardware_type == ARPHRD_ETHER || hardware_type == ARPHRD_LOOPBACK;
}

// True for links whose packets begin with the network header at both hooks.
bool HasNoLinkLayer(uint16_t hardware_type) {
  // ARPHRD_RAWIP and ARPHRD_IP6GRE, which the C library's header lacks.
  constexpr uint16_t kRawIp = 519;
  constexpr uint16_t kIp6Gre = 823;
  switch (hardware_type) {
    case ARPHRD_NONE:  // tun, wireguard
    case ARPHRD_PPP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case kIp6Gre:
    case kRawIp:
      return true;
    default:
      return false;
  }
}

weir_selection SelectionOf(const KernelOptions& options) {
  if (!options.filter_rules.empty()) return WEIR_SELECT_BY_RULES;
  return options.sampling > 1 ? WEIR_SELECT_SAMPLE : WEIR_SELECT_ALL;
}

void LogVerifier(const std::vector<char>& log, const sdk::Stage& stage) {
  const std::string_view text(log.data(), strnlen(log.data(), log.size()));
  if (text.empty()) return;
  stage.Log(WEIR_LOG_DEBUG,
            absl::StrCat("end of the verifier's log:\n",
                         text.substr(text.size() - std::min(text.size(), kVerifierLogShown))));
}

// Checks that enough file descriptors are free to load `object`: one for each program and each map,
// and a few temporary ones. Without them, libbpf or the kernel fails with another error that blames
// the program.
sdk::Status CheckDescriptors(const bpf_object* object) {
  constexpr size_t kForAWhile = 8;
  size_t needed = kForAWhile;
  for (bpf_program* program = bpf_object__next_program(object, nullptr); program != nullptr;
       program = bpf_object__next_program(object, program)) {
    ++needed;
  }
  for (bpf_map* map = bpf_object__next_map(object, nullptr); map != nullptr;
       map = bpf_object__next_map(object, map)) {
    ++needed;
  }
  std::vector<sdk::UniqueFd> descriptors;
  while (descriptors.size() < needed) {
    const int fd = eventfd(0, EFD_CLOEXEC);
    if (fd < 0) {
      return sdk::ErrnoStatus(
          absl::StrCat("load BPF programs, which needs ", needed, " file descriptors"), errno);
    }
    descriptors.emplace_back(fd);
  }
  return sdk::OkStatus();
}

}  // namespace

std::optional<LinkKind> LinkKindOf(uint16_t hardware_type) {
  if (HasEthernetHeader(hardware_type)) return LinkKind::kEthernet;
  if (HasNoLinkLayer(hardware_type)) return LinkKind::kNoLinkLayer;
  return std::nullopt;
}

sdk::Status CannotBeMeasured(std::string_view interface, uint16_t hardware_type) {
  return {WEIR_FAILED_PRECONDITION,
          absl::StrCat("interface '", interface, "': links of hardware type ", hardware_type,
                       " (ARPHRD_*) cannot be measured")};
}

void FlowPrograms::DestroySkeleton::operator()(flows_bpf* skeleton) const {
  flows_bpf__destroy(skeleton);
}

sdk::Result<std::unique_ptr<FlowPrograms>> FlowPrograms::Load(const KernelOptions& options,
                                                              const std::vector<ProgramMap>& maps,
                                                              uint32_t namespace_id, LinkKind kind,
                                                              const sdk::Stage& stage) {
  libbpf_set_print(SayNothing);
  std::vector<char> log(kVerifierLogBytes);
  LibbpfOptions<bpf_object_open_opts> open_options;
  open_options->kernel_log_buf = log.data();
  open_options->kernel_log_size = log.size();
  std::unique_ptr<FlowPrograms> programs(new FlowPrograms(options));
  programs->skeleton_.reset(flows_bpf__open_opts(open_options.get()));
  if (programs->skeleton_ == nullptr) return sdk::ErrnoStatus("open BPF object", errno);

  programs->Configure(options, namespace_id);
  sdk::Status status = programs->Choose(kind);
  if (status.ok()) status = programs->UseMaps(maps);
  if (status.ok()) status = CheckDescriptors(programs->skeleton_->obj);
  if (!status.ok()) return status;
  const int error = -flows_bpf__load(programs->skeleton_.get());
  if (error != 0) {
    LogVerifier(log, stage);
    if (options.tier == TableTier::kMapped && ProbeCompareAndSwap() == Support::kNo) {
      return sdk::Status(WEIR_UNIMPLEMENTED,
                         "load BPF programs: this kernel lacks compare-and-swap for BPF (5.12 and "
                         "later)");
    }
    return KernelRefusal("load BPF programs", error, /*because_of_verifier=*/true);
  }
  return programs;
}

void FlowPrograms::Configure(const KernelOptions& options, uint32_t namespace_id) {
  flows_bpf::flows_bpf__rodata* const constants = skeleton_->rodata;
  const size_t rules = std::min<size_t>(options.filter_rules.size(), WEIR_MAX_FILTER_RULES);
  constants->selection = SelectionOf(options);
  constants->sampling = SamplingOf(options.sampling);
  std::copy_n(options.filter_rules.begin(), rules, constants->filter_rules);
  constants->filter_rule_count = static_cast<uint32_t>(rules);
  constants->overflow_to_ring = options.ring_bytes > 0 ? 1 : 0;
  constants->end_clock = options.clock;
  constants->tunnels = options.tunnels;
  constants->vlan_key = options.vlan_key ? 1 : 0;
  constants->namespace_id = namespace_id;
}

sdk::Status FlowPrograms::Choose(LinkKind kind) {
  const auto& programs = skeleton_->progs;
  const bool mapped = tier_ == TableTier::kMapped;
  std::vector<bpf_program*> others = {
      mapped ? programs.ingress_ethernet_hash : programs.ingress_ethernet,
      mapped ? programs.ingress_no_link_layer_hash : programs.ingress_no_link_layer,
      mapped ? programs.egress_ethernet_hash : programs.egress_ethernet,
      mapped ? programs.egress_no_link_layer_hash : programs.egress_no_link_layer};
  if (kind != LinkKind::kAny) {
    const uint16_t other = kind == LinkKind::kEthernet ? ARPHRD_NONE : ARPHRD_ETHER;
    others.push_back(FindAny(other, WEIR_DIRECTION_INGRESS));
    others.push_back(FindAny(other, WEIR_DIRECTION_EGRESS));
  }
  for (const uint8_t direction : {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS}) {
    if (Loads(direction)) continue;
    others.push_back(FindAny(ARPHRD_ETHER, direction));
    others.push_back(FindAny(ARPHRD_NONE, direction));
  }
  for (bpf_program* const program : others) {
    const int error = -bpf_program__set_autoload(program, false);
    if (error != 0) return sdk::ErrnoStatus("leave out a program", error);
  }
  if (mapped) return sdk::OkStatus();
  for (bpf_map* const map : {skeleton_->maps.flow_slots, skeleton_->maps.table_state}) {
    const int error = -bpf_map__set_autocreate(map, false);
    if (error != 0) return sdk::ErrnoStatus("leave out a map", error);
  }
  return sdk::OkStatus();
}

sdk::Status FlowPrograms::UseMaps(const std::vector<ProgramMap>& maps) {
  for (const ProgramMap& map : maps) {
    bpf_map* const place = bpf_object__find_map_by_name(skeleton_->obj, map.name);
    const int error = place == nullptr ? ENOENT : -bpf_map__reuse_fd(place, map.fd);
    if (error != 0) return sdk::ErrnoStatus(absl::StrCat("use the map ", map.name), error);
  }
  return sdk::OkStatus();
}

bool FlowPrograms::Loads(uint8_t direction) const {
  return std::find(directions_.begin(), directions_.end(), direction) != directions_.end();
}

bpf_program* FlowPrograms::Find(uint16_t hardware_type, uint8_t direction) const {
  return Loads(direction) ? FindAny(hardware_type, direction) : nullptr;
}

bpf_program* FlowPrograms::FindAny(uint16_t hardware_type, uint8_t direction) const {
  const bool ingress = direction == WEIR_DIRECTION_INGRESS;
  const bool mapped = tier_ == TableTier::kMapped;
  const auto& programs = skeleton_->progs;
  const auto choose = [&](bpf_program* of_mapped, bpf_program* of_hash) {
    return mapped ? of_mapped : of_hash;
  };
  if (HasEthernetHeader(hardware_type)) {
    return ingress ? choose(programs.ingress_ethernet, programs.ingress_ethernet_hash)
                   : choose(programs.egress_ethernet, programs.egress_ethernet_hash);
  }
  if (HasNoLinkLayer(hardware_type)) {
    return ingress ? choose(programs.ingress_no_link_layer, programs.ingress_no_link_layer_hash)
                   : choose(programs.egress_no_link_layer, programs.egress_no_link_layer_hash);
  }
  return nullptr;
}

sdk::Result<EndClock> FlowPrograms::ReadEndClock() const {
  if (clock_ == WEIR_CLOCK_PRECISE) return EndClock();
  // The resolution of the coarse clock is the length of a jiffy.
  timespec tick{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0) {
    return sdk::ErrnoStatus("clock_getres", errno);
  }
  const char packet[64] = {};
  LibbpfOptions<bpf_test_run_opts> run;
  run->data_in = packet;
  run->data_size_in = sizeof(packet);
  const int error =
      -bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.read_clocks), run.get());
  if (error != 0) return sdk::ErrnoStatus("read the kernel's clocks", error);
  return EndClock(
      skeleton_->bss->clocks.jiffies, skeleton_->bss->clocks.monotonic_ns,
      static_cast<uint64_t>(tick.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(tick.tv_nsec));
}

}  // namespace weir::ebpf
