// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/tables/mapped_table.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/kernel/map_create.h"
#include "sources/ebpf/tables/flow_merge.h"

namespace weir::ebpf {

namespace {

bool IsPrime(uint64_t number) {
  if (number % 2 == 0) return number == 2;
  for (uint64_t divisor = 3; divisor * divisor <= number; divisor += 2) {
    if (number % divisor == 0) return false;
  }
  return number > 1;
}

// Writes the IPv4 address of a slot as in the key of a flow.
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
  flow.value.more_wire_bytes = slot.more_wire_bytes;
  flow.value.start_mono_time_ns = slot.start_mono_time_ns;
  flow.value.end_time = slot.end_time;
  flow_details_t& details = flow.value.details;
  details.tcp_flags = static_cast<weir_u16>(slot.tcp_flags);
  details.vlan = slot.vlan;
  details.dscp = slot.dscp;
  details.icmp_type = slot.icmp_type;
  details.icmp_code = slot.icmp_code;
  details.flags = slot.flags;
  details.namespace_id = static_cast<weir_u32>(slot.dst_mac_namespace >> 48);
  details.sampling_interval = slot.sampling_interval;
  return flow;
}

}  // namespace

uint32_t SlotsFor(uint32_t max_flows) {
  uint64_t slots = uint64_t{max_flows} + max_flows / 2 + 1;
  // Both epochs are in one map, whose slots have 32-bit indexes.
  if (slots > std::numeric_limits<uint32_t>::max() / 4) return 0;
  while (!IsPrime(slots)) ++slots;
  return static_cast<uint32_t>(slots);
}

sdk::Result<std::unique_ptr<MappedTable>> MappedTable::Create(uint32_t max_flows,
                                                              const flow_hash_seed_t& seed,
                                                              const MapMaker& maker) {
  const std::string what =
      absl::StrCat("create a flow table of ", max_flows, " entries (cache_max_flows)");
  std::unique_ptr<MappedTable> table(new MappedTable());
  table->slots_ = SlotsFor(max_flows);
  if (table->slots_ == 0) return sdk::ErrnoStatus(what, E2BIG);
  sdk::Result<sdk::UniqueFd> slots_map =
      maker.Make({"weir_flows", BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(flow_slot_t),
                  2 * table->slots_, BPF_F_MMAPABLE},
                 what);
  if (!slots_map.ok()) return slots_map.status();
  table->slots_map_ = *std::move(slots_map);
  sdk::Result<sdk::UniqueFd> state_map =
      maker.Make({"weir_table", BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(flow_table_state_t), 1,
                  BPF_F_MMAPABLE},
                 what);
  if (!state_map.ok()) return state_map.status();
  table->state_map_ = *std::move(state_map);
  sdk::Status status = table->MapMemory(what);
  if (status.ok()) status = table->MakeFence(what);
  if (!status.ok()) return status;
  if (maker.takes_over()) {
    status = table->WaitForPrograms();
    if (!status.ok()) return status;
    return table;
  }
  table->state()->slots = table->slots_;
  table->state()->max_flows = max_flows;
  table->state()->seed = seed;
  return table;
}

sdk::Status MappedTable::MapMemory(const std::string& what) {
  int error = 0;
  slots_memory_ = MappedMemory(slots_map_.get(), size_t{2} * slots_ * sizeof(flow_slot_t), &error);
  state_memory_ = MappedMemory(state_map_.get(), sizeof(flow_table_state_t), &error);
  if (error != 0) return sdk::ErrnoStatus(absl::StrCat(what, ": map it"), error);
  return sdk::OkStatus();
}

// The map in it is never read. It has the type of the other tier's maps, so that the programs have
// the same map of maps in both tiers.
sdk::Status MappedTable::MakeFence(const std::string& what) {
  sdk::Result<sdk::UniqueFd> waiting = CreateMap(
      {"weir_fence", BPF_MAP_TYPE_HASH, sizeof(flow_key_t), sizeof(flow_value_t), 1}, what);
  if (!waiting.ok()) return waiting.status();
  sdk::Result<sdk::UniqueFd> fence =
      CreateMap({"weir_fences", BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(uint32_t), sizeof(uint32_t), 1,
                 0, waiting->get()},
                what);
  if (!fence.ok()) return fence.status();
  waiting_map_ = *std::move(waiting);
  fence_map_ = *std::move(fence);
  return sdk::OkStatus();
}

std::vector<ProgramMap> MappedTable::ProgramMaps() const {
  return {{"flow_slots", slots_map_.get()},
          {"table_state", state_map_.get()},
          {"active_table", fence_map_.get()}};
}

flow_table_state_t* MappedTable::state() const {
  return static_cast<flow_table_state_t*>(state_memory_.data());
}

flow_slot_t* MappedTable::epoch(uint32_t number) const {
  return static_cast<flow_slot_t*>(slots_memory_.data()) + size_t{number} * slots_;
}

// Changing a map of maps returns only after all programs that were running at that moment have
// ended (maybe_wait_bpf_programs).
sdk::Status MappedTable::WaitForPrograms() {
  const uint32_t zero = 0;
  const int fd = waiting_map_.get();
  const int error = -bpf_map_update_elem(fence_map_.get(), &zero, &fd, BPF_ANY);
  if (error != 0) return sdk::ErrnoStatus("wait for running programs", error);
  return sdk::OkStatus();
}

// A program reads the active epoch once, so every program that could still fill the old one had
// begun when `active` changed.
sdk::Status MappedTable::Flip() {
  const uint32_t active = __atomic_load_n(&state()->active, __ATOMIC_RELAXED);
  __atomic_store_n(&state()->active, 1 - active, __ATOMIC_SEQ_CST);
  const sdk::Status status = WaitForPrograms();
  if (!status.ok()) __atomic_store_n(&state()->active, active, __ATOMIC_SEQ_CST);
  return status;
}

sdk::Status MappedTable::EndFilling() {
  __atomic_store_n(&state()->ended, 1, __ATOMIC_SEQ_CST);
  return WaitForPrograms();
}

void MappedTable::Visit(bool clear, const OnFlow& on_flow) const {
  const auto& numbers = state()->epochs[retired()];
  if (numbers.used == 0) return;
  flow_slot_t* const slots = epoch(retired());
  const auto may_be_twice = [](const flow_slot_t& slot) {
    return (slot.flags & WEIR_FLOW_MAY_BE_TWICE) != 0;
  };
  FlowMerge merge;
  if (numbers.twice > 0) {
    for (uint32_t i = 0; i < slots_; ++i) {
      if (slots[i].ports_interface != 0 && may_be_twice(slots[i])) merge.Add(FlowOf(slots[i]));
    }
  }
  for (uint32_t i = 0; i < slots_; ++i) {
    if (slots[i].ports_interface == 0) continue;
    const bool merged = may_be_twice(slots[i]);
    Flow flow = FlowOf(slots[i]);
    if (clear) slots[i] = {};
    if (merged) continue;
    merge.Take(&flow);
    on_flow(flow);
  }
  merge.TakeRest(on_flow);
}

sdk::Status MappedTable::Drain(const OnFlow& on_flow) {
  Visit(/*clear=*/true, on_flow);
  state()->epochs[retired()].used = 0;
  state()->epochs[retired()].twice = 0;
  return sdk::OkStatus();
}

sdk::Status MappedTable::Read(const OnFlow& on_flow) {
  Visit(/*clear=*/false, on_flow);
  return sdk::OkStatus();
}

sdk::Status MappedTable::Clear() {
  return Drain([](const Flow&) {});
}

uint32_t MappedTable::retired() const {
  return 1 - __atomic_load_n(&state()->active, __ATOMIC_RELAXED);
}

}  // namespace weir::ebpf
