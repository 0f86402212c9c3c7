// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/mapped_table.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/flow_merge.h"
#include "sources/ebpf/libbpf_options.h"
#include "sources/ebpf/load_error.h"

namespace weir::ebpf {

namespace {

bool IsPrime(uint64_t number) {
  if (number % 2 == 0) return number == 2;
  for (uint64_t divisor = 3; divisor * divisor <= number; divisor += 2) {
    if (number % divisor == 0) return false;
  }
  return number > 1;
}

// An IPv4 address as the key of a flow has it, of the word that a slot has it in.
void SetMapped(uint32_t address, uint8_t* ip) {
  ip[10] = ip[11] = 0xff;
  std::memcpy(ip + 12, &address, sizeof(address));
}

void SetMac(uint64_t word, uint8_t* mac) { std::memcpy(mac, &word, WEIR_MAC_LENGTH); }

flow_id_t IdOf(const flow_slot_t& slot) {
  flow_id_t id{};
  id.eth_protocol = slot.eth_protocol;
  id.direction = (slot.src_mac_protocol & WEIR_SLOT_EGRESS) != 0 ? WEIR_DIRECTION_EGRESS
                                                                 : WEIR_DIRECTION_INGRESS;
  SetMac(slot.src_mac_protocol, id.src_mac);
  SetMac(slot.dst_mac_namespace, id.dst_mac);
  if ((slot.src_mac_protocol & WEIR_SLOT_IPV4) != 0) {
    SetMapped(static_cast<uint32_t>(slot.addresses), id.src_ip);
    SetMapped(static_cast<uint32_t>(slot.addresses >> 32), id.dst_ip);
  } else {
    std::memcpy(id.src_ip, slot.src_ip, sizeof(id.src_ip));
    std::memcpy(id.dst_ip, slot.dst_ip, sizeof(id.dst_ip));
  }
  id.src_port = static_cast<uint16_t>(slot.ports_interface);
  id.dst_port = static_cast<uint16_t>(slot.ports_interface >> 16);
  id.transport_protocol = static_cast<uint8_t>(slot.src_mac_protocol >> 48);
  id.if_index = static_cast<uint32_t>(slot.ports_interface >> 32);
  return id;
}

Flow FlowOf(const flow_slot_t& slot) {
  Flow flow{IdOf(slot), {}};
  flow.value.packets = static_cast<uint32_t>(slot.packets);
  flow.value.wire_packets = slot.packets >> 32;
  flow.value.bytes = slot.bytes;
  flow.value.start_mono_time_ns = slot.start_mono_time_ns;
  flow.value.end_time = slot.end_time;
  flow.value.details = slot.details;
  flow.value.details.tcp_flags = static_cast<weir_u16>(slot.tcp_flags);
  return flow;
}

sdk::Result<sdk::UniqueFd> CreateArray(const char* name, uint32_t value_size, uint32_t entries,
                                       const std::string& what) {
  LibbpfOptions<bpf_map_create_opts> options;
  options->map_flags = BPF_F_MMAPABLE;
  const int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t), value_size, entries,
                                options.get());
  if (fd < 0) return KernelRefusal(what, -fd);
  return sdk::UniqueFd(fd);
}

}  // namespace

uint32_t SlotsFor(uint32_t max_flows) {
  uint64_t slots = uint64_t{max_flows} + max_flows / 2 + 1;
  // Two epochs have to be one map, whose slots have numbers of 32 bits.
  if (slots > std::numeric_limits<uint32_t>::max() / 4) return 0;
  while (!IsPrime(slots)) ++slots;
  return static_cast<uint32_t>(slots);
}

sdk::Result<std::unique_ptr<MappedTable>> MappedTable::Create(uint32_t max_flows,
                                                              uint64_t hash_seed) {
  const std::string what =
      absl::StrCat("create a flow table of ", max_flows, " entries (cache_max_flows)");
  const uint32_t slots = SlotsFor(max_flows);
  if (slots == 0) return sdk::ErrnoStatus(what, E2BIG);
  sdk::Result<sdk::UniqueFd> slots_map =
      CreateArray("weir_flows", sizeof(flow_slot_t), 2 * slots, what);
  if (!slots_map.ok()) return slots_map.status();
  sdk::Result<sdk::UniqueFd> state_map =
      CreateArray("weir_table", sizeof(flow_table_state_t), 1, what);
  if (!state_map.ok()) return state_map.status();
  int error = 0;
  MappedMemory slots_memory(slots_map->get(), size_t{2} * slots * sizeof(flow_slot_t), &error);
  MappedMemory state_memory(state_map->get(), sizeof(flow_table_state_t), &error);
  if (error != 0) return sdk::ErrnoStatus(absl::StrCat(what, ": map it"), error);
  auto* const state = static_cast<flow_table_state_t*>(state_memory.data());
  state->slots = slots;
  state->max_flows = max_flows;
  state->hash_seed = hash_seed;
  return std::unique_ptr<MappedTable>(
      new MappedTable(slots, *std::move(slots_map), *std::move(state_map), std::move(slots_memory),
                      std::move(state_memory)));
}

MappedTable::MappedTable(uint32_t slots, sdk::UniqueFd slots_map, sdk::UniqueFd state_map,
                         MappedMemory slots_memory, MappedMemory state_memory)
    : slots_(slots),
      slots_map_(std::move(slots_map)),
      state_map_(std::move(state_map)),
      slots_memory_(std::move(slots_memory)),
      state_memory_(std::move(state_memory)) {}

flow_table_state_t* MappedTable::state() const {
  return static_cast<flow_table_state_t*>(state_memory_.data());
}

flow_slot_t* MappedTable::epoch(uint32_t number) const {
  return static_cast<flow_slot_t*>(slots_memory_.data()) + size_t{number} * slots_;
}

sdk::Status MappedTable::SetFence(int fence_fd) {
  const int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "weir_fence", sizeof(flow_key_t),
                                sizeof(flow_value_t), 1, nullptr);
  if (fd < 0) return KernelRefusal("create a map", -fd);
  waiting_map_ = sdk::UniqueFd(fd);
  fence_fd_ = fence_fd;
  return sdk::OkStatus();
}

// A program reads once which epoch it fills, so all that could still fill the former
// had begun when `active` changed. The kernel returns from changing a map of maps only
// after all programs that ran at that moment have ended (maybe_wait_bpf_programs).
sdk::Status MappedTable::Flip() {
  const uint32_t active = __atomic_load_n(&state()->active, __ATOMIC_RELAXED);
  __atomic_store_n(&state()->active, 1 - active, __ATOMIC_SEQ_CST);
  const uint32_t zero = 0;
  const int fd = waiting_map_.get();
  const int error = -bpf_map_update_elem(fence_fd_, &zero, &fd, BPF_ANY);
  if (error == 0) return sdk::OkStatus();
  __atomic_store_n(&state()->active, active, __ATOMIC_SEQ_CST);
  return sdk::ErrnoStatus("wait for running programs", error);
}

sdk::Status MappedTable::Drain(const FlowKernel::OnFlow& on_flow) {
  const uint32_t retired = 1 - __atomic_load_n(&state()->active, __ATOMIC_RELAXED);
  auto& numbers = state()->epochs[retired];
  if (numbers.used == 0) return sdk::OkStatus();
  flow_slot_t* const slots = epoch(retired);
  FlowMerge merge;
  if (numbers.twice > 0) {
    for (uint32_t i = 0; i < slots_; ++i) {
      if (slots[i].ports_interface == 0) continue;
      if ((slots[i].details.flags & WEIR_FLOW_MAY_BE_TWICE) == 0) continue;
      merge.Add(FlowOf(slots[i]));
      slots[i] = {};
    }
  }
  for (uint32_t i = 0; i < slots_; ++i) {
    if (slots[i].ports_interface == 0) continue;
    Flow flow = FlowOf(slots[i]);
    slots[i] = {};
    merge.Take(&flow);
    on_flow(flow);
  }
  merge.TakeRest(on_flow);
  numbers.used = 0;
  numbers.twice = 0;
  return sdk::OkStatus();
}

}  // namespace weir::ebpf
