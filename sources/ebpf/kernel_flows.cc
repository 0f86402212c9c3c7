// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/kernel_flows.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if_arp.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "bpf/flows_bpf.skel.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/hash_tables.h"
#include "sources/ebpf/libbpf_options.h"
#include "sources/ebpf/load_error.h"
#include "sources/ebpf/mapped_table.h"
#include "sources/ebpf/program_attachment.h"

namespace weir::ebpf {

namespace {

constexpr size_t kVerifierLogBytes = 64 * 1024;
constexpr size_t kVerifierLogShown = 2 * 1024;

// libbpf tells of each failure also by errno, and weir says it in words of its own.
int SayNothing(libbpf_print_level /*level*/, const char* /*format*/, va_list /*arguments*/) {
  return 0;
}

// Below which a random number of 32 bits must be for a packet to be looked at.
uint32_t SamplingThreshold(uint32_t sampling) {
  if (sampling <= 1) return 0;
  return static_cast<uint32_t>((uint64_t{1} << 32) / sampling);
}

// The kernel wants a power of two that is a multiple of its page size.
uint32_t RingSize(uint32_t wanted) {
  uint64_t size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  while (size < wanted) size *= 2;
  return static_cast<uint32_t>(std::min<uint64_t>(size, uint64_t{1} << 31));
}

bool HasEthernetHeader(uint16_t hardware_type) {
  return hardware_type == ARPHRD_ETHER || hardware_type == ARPHRD_LOOPBACK;
}

// Links whose packets begin with the network header at both hooks.
bool HasNoLinkLayer(uint16_t hardware_type) {
  // ARPHRD_RAWIP and ARPHRD_IP6GRE, which the C library's header does not have.
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

void Add(const flow_counters_t& other, flow_counters_t* sum) {
  sum->ringbuf_packets += other.ringbuf_packets;
  sum->ringbuf_bytes += other.ringbuf_bytes;
  sum->dropped_packets += other.dropped_packets;
  sum->dropped_bytes += other.dropped_bytes;
  sum->sampled_out_packets += other.sampled_out_packets;
  sum->fragments += other.fragments;
  sum->truncated += other.truncated;
  for (int i = 0; i < WEIR_TABLE_FAILURES; ++i) sum->table_failures[i] += other.table_failures[i];
}

// One packet of the ring buffer as a flow.
Flow FlowOf(const flow_event_t& event) {
  Flow flow{event.record.id, {}};
  flow.value.packets = event.record.metrics.packets;
  flow.value.wire_packets = event.wire_packets;
  flow.value.bytes = event.record.metrics.bytes;
  flow.value.start_mono_time_ns = event.record.metrics.start_mono_time_ns;
  flow.value.end_time = event.record.metrics.end_mono_time_ns;
  flow.value.details = event.details;
  return flow;
}

sdk::Result<uint64_t> RandomNumber() {
  uint64_t number = 0;
  ssize_t size = 0;
  do {
    size = getrandom(&number, sizeof(number), 0);
  } while (size < 0 && errno == EINTR);
  if (size != static_cast<ssize_t>(sizeof(number))) return sdk::ErrnoStatus("getrandom", errno);
  return number;
}

// What the programs of a tier cannot be loaded for on a kernel that has the other one.
bool MayWorkWithHash(const sdk::Status& status) {
  return status.code() == WEIR_INTERNAL || status.code() == WEIR_UNIMPLEMENTED;
}

}  // namespace

void KernelFlows::DestroySkeleton::operator()(flows_bpf* skeleton) const {
  flows_bpf__destroy(skeleton);
}
void KernelFlows::FreeRing::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

KernelFlows::~KernelFlows() = default;

sdk::Result<std::unique_ptr<KernelFlows>> KernelFlows::Load(const KernelOptions& options,
                                                            const sdk::Stage& stage) {
  if (options.tier != TableTier::kAuto) return LoadTier(options.tier, options, stage);
  sdk::Result<std::unique_ptr<KernelFlows>> mapped = LoadTier(TableTier::kMapped, options, stage);
  if (mapped.ok() || !MayWorkWithHash(mapped.status())) return mapped;
  stage.Log(WEIR_LOG_INFO, absl::StrCat("flow table: hash maps instead of the mapped table: ",
                                        mapped.status().message()));
  return LoadTier(TableTier::kHash, options, stage);
}

sdk::Result<std::unique_ptr<KernelFlows>> KernelFlows::LoadTier(TableTier tier,
                                                                const KernelOptions& options,
                                                                const sdk::Stage& stage) {
  libbpf_set_print(SayNothing);
  std::vector<char> log(kVerifierLogBytes);
  LibbpfOptions<bpf_object_open_opts> open_options;
  open_options->kernel_log_buf = log.data();
  open_options->kernel_log_size = log.size();
  std::unique_ptr<KernelFlows> kernel(new KernelFlows(tier));
  kernel->skeleton_.reset(flows_bpf__open_opts(open_options.get()));
  if (kernel->skeleton_ == nullptr) return sdk::ErrnoStatus("open BPF object", errno);

  sdk::Status status = kernel->Configure(options);
  if (!status.ok()) return status;
  const int error = -flows_bpf__load(kernel->skeleton_.get());
  if (error != 0) {
    const std::string_view text(log.data(), strnlen(log.data(), log.size()));
    if (!text.empty()) {
      stage.Log(WEIR_LOG_DEBUG,
                absl::StrCat("end of the verifier's log:\n",
                             text.substr(text.size() - std::min(text.size(), kVerifierLogShown))));
    }
    return KernelRefusal("load BPF programs", error, /*because_of_verifier=*/true);
  }
  status = kernel->FinishTable(options);
  if (status.ok()) status = kernel->ReadClocks(options.clock);
  if (status.ok() && options.ring_bytes > 0) status = kernel->MakeRing();
  if (!status.ok()) return status;
  return kernel;
}

sdk::Status KernelFlows::Configure(const KernelOptions& options) {
  flows_bpf::flows_bpf__rodata* const constants = skeleton_->rodata;
  constants->sampling_threshold = SamplingThreshold(options.sampling);
  constants->overflow_to_ring = options.ring_bytes > 0 ? 1 : 0;
  constants->end_clock = options.clock;
  const int error =
      -bpf_map__set_max_entries(skeleton_->maps.overflow_ring, RingSize(options.ring_bytes));
  if (error != 0) return sdk::ErrnoStatus("size the overflow ring", error);
  return tier_ == TableTier::kMapped ? PrepareMapped(options) : PrepareHash();
}

sdk::Status KernelFlows::PrepareMapped(const KernelOptions& options) {
  sdk::Result<uint64_t> seed = RandomNumber();
  if (!seed.ok()) return seed.status();
  sdk::Result<std::unique_ptr<MappedTable>> table = MappedTable::Create(options.max_flows, *seed);
  if (!table.ok()) return table.status();
  int error = -bpf_map__reuse_fd(skeleton_->maps.flow_slots, (*table)->slots_fd());
  if (error == 0) error = -bpf_map__reuse_fd(skeleton_->maps.table_state, (*table)->state_fd());
  if (error != 0) return sdk::ErrnoStatus("use the flow table", error);
  table_ = *std::move(table);
  for (bpf_program* const program :
       {skeleton_->progs.ingress_ethernet_hash, skeleton_->progs.ingress_no_link_layer_hash,
        skeleton_->progs.egress_ethernet_hash, skeleton_->progs.egress_no_link_layer_hash}) {
    error = -bpf_program__set_autoload(program, false);
    if (error != 0) return sdk::ErrnoStatus("leave out a program", error);
  }
  return sdk::OkStatus();
}

sdk::Status KernelFlows::PrepareHash() {
  int error = 0;
  for (bpf_program* const program :
       {skeleton_->progs.ingress_ethernet, skeleton_->progs.ingress_no_link_layer,
        skeleton_->progs.egress_ethernet, skeleton_->progs.egress_no_link_layer}) {
    error = -bpf_program__set_autoload(program, false);
    if (error != 0) return sdk::ErrnoStatus("leave out a program", error);
  }
  for (bpf_map* const map : {skeleton_->maps.flow_slots, skeleton_->maps.table_state}) {
    error = -bpf_map__set_autocreate(map, false);
    if (error != 0) return sdk::ErrnoStatus("leave out a map", error);
  }
  return sdk::OkStatus();
}

sdk::Status KernelFlows::FinishTable(const KernelOptions& options) {
  const int active_table = bpf_map__fd(skeleton_->maps.active_table);
  if (tier_ == TableTier::kMapped) {
    return static_cast<MappedTable*>(table_.get())->SetFence(active_table);
  }
  sdk::Result<std::unique_ptr<HashTables>> tables =
      HashTables::Create(options.max_flows, active_table);
  if (!tables.ok()) return tables.status();
  table_ = *std::move(tables);
  return sdk::OkStatus();
}

sdk::Status KernelFlows::ReadClocks(weir_clock clock) {
  if (clock == WEIR_CLOCK_PRECISE) return sdk::OkStatus();
  // The resolution of the coarse clock is what a jiffy lasts.
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
  end_clock_ = EndClock(
      skeleton_->bss->clocks.jiffies, skeleton_->bss->clocks.monotonic_ns,
      static_cast<uint64_t>(tick.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(tick.tv_nsec));
  return sdk::OkStatus();
}

sdk::Status KernelFlows::MakeRing() {
  const auto on_event = [](void* context, void* data, size_t size) -> int {
    if (size < sizeof(flow_event_t)) return -EBADMSG;  // none that the programs write
    (*static_cast<KernelFlows*>(context)->on_packet_)(FlowOf(*static_cast<flow_event_t*>(data)));
    return 0;
  };
  ring_.reset(
      ring_buffer__new(bpf_map__fd(skeleton_->maps.overflow_ring), on_event, this, nullptr));
  if (ring_ == nullptr) return sdk::ErrnoStatus("map the overflow ring", errno);
  return sdk::OkStatus();
}

bpf_program* KernelFlows::Program(uint16_t hardware_type, uint8_t direction) const {
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

int KernelFlows::ProgramFd(uint16_t hardware_type, uint8_t direction) const {
  bpf_program* const program = Program(hardware_type, direction);
  return program == nullptr ? -1 : bpf_program__fd(program);
}

sdk::Result<std::unique_ptr<Attachment>> KernelFlows::Attach(const sdk::Link& link,
                                                             uint8_t direction,
                                                             const AttachOptions& options) {
  bpf_program* const program = Program(link.hardware_type, direction);
  if (program == nullptr) {
    return sdk::Status(WEIR_FAILED_PRECONDITION,
                       absl::StrCat("interface '", link.name, "': links of hardware type ",
                                    link.hardware_type, " (ARPHRD_*) cannot be measured"));
  }
  return AttachProgram(program, link, direction, options, &qdiscs_);
}

sdk::Status KernelFlows::Flip() { return table_->Flip(); }

sdk::Status KernelFlows::Drain(const OnFlow& on_flow) {
  return table_->Drain([&](const Flow& drained) {
    Flow flow = drained;
    end_clock_.ToNanoseconds(&flow.value);
    drained_.table_packets += flow.value.packets;
    drained_.table_bytes += flow.value.bytes;
    on_flow(flow);
  });
}

sdk::Result<DatapathCounters> KernelFlows::Counters() {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return sdk::ErrnoStatus("count processors", -cpus);
  std::vector<flow_counters_t> per_cpu(static_cast<size_t>(cpus));
  static_assert(sizeof(flow_counters_t) % 8 == 0, "the kernel's stride of per-CPU values");
  const uint32_t zero = 0;
  const int error =
      -bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.counters_map), &zero, per_cpu.data());
  if (error != 0) return sdk::ErrnoStatus("read counters", error);
  DatapathCounters counters = drained_;
  for (const flow_counters_t& one : per_cpu) Add(one, &counters.kernel);
  return counters;
}

sdk::Result<size_t> KernelFlows::ReadOverflow(size_t limit, const OnFlow& on_packet) {
  if (ring_ == nullptr) return size_t{0};
  on_packet_ = &on_packet;
  const int consumed = ring_buffer__consume_n(ring_.get(), limit);
  on_packet_ = nullptr;
  if (consumed < 0) return sdk::ErrnoStatus("read the overflow ring", -consumed);
  return static_cast<size_t>(consumed);
}

}  // namespace weir::ebpf
