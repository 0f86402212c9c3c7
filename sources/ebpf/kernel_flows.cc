// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/kernel_flows.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if_arp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "bpf/flows_bpf.skel.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/libbpf_options.h"
#include "sources/ebpf/load_error.h"
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
  sum->packets += other.packets;
  sum->bytes += other.bytes;
  sum->table_packets += other.table_packets;
  sum->ringbuf_packets += other.ringbuf_packets;
  sum->dropped_packets += other.dropped_packets;
  sum->dropped_bytes += other.dropped_bytes;
  sum->sampled_out_packets += other.sampled_out_packets;
  sum->fragments += other.fragments;
  sum->truncated += other.truncated;
  for (int i = 0; i < WEIR_TABLE_FAILURES; ++i) sum->table_failures[i] += other.table_failures[i];
}

}  // namespace

void KernelFlows::DestroySkeleton::operator()(flows_bpf* skeleton) const {
  flows_bpf__destroy(skeleton);
}
void KernelFlows::FreeRing::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

KernelFlows::~KernelFlows() = default;

sdk::Result<std::unique_ptr<KernelFlows>> KernelFlows::Load(const KernelOptions& options,
                                                            const sdk::Stage& stage) {
  std::unique_ptr<KernelFlows> kernel(new KernelFlows());
  sdk::Status status = kernel->LoadPrograms(options, stage);
  if (status.ok()) status = kernel->MakeTables(options);
  if (status.ok() && options.ring_bytes > 0) status = kernel->MakeRing();
  if (!status.ok()) return status;
  return kernel;
}

sdk::Status KernelFlows::LoadPrograms(const KernelOptions& options, const sdk::Stage& stage) {
  libbpf_set_print(SayNothing);
  std::vector<char> log(kVerifierLogBytes);
  LibbpfOptions<bpf_object_open_opts> open_options;
  open_options->kernel_log_buf = log.data();
  open_options->kernel_log_size = log.size();
  skeleton_.reset(flows_bpf__open_opts(open_options.get()));
  if (skeleton_ == nullptr) return sdk::ErrnoStatus("open BPF object", errno);

  skeleton_->rodata->sampling_threshold = SamplingThreshold(options.sampling);
  skeleton_->rodata->overflow_to_ring = options.ring_bytes > 0 ? 1 : 0;
  int error =
      -bpf_map__set_max_entries(skeleton_->maps.overflow_ring, RingSize(options.ring_bytes));
  if (error != 0) return sdk::ErrnoStatus("size the overflow ring", error);

  error = -flows_bpf__load(skeleton_.get());
  if (error == 0) return sdk::OkStatus();
  const std::string_view text(log.data(), strnlen(log.data(), log.size()));
  if (!text.empty()) {
    stage.Log(WEIR_LOG_DEBUG,
              absl::StrCat("end of the verifier's log:\n",
                           text.substr(text.size() - std::min(text.size(), kVerifierLogShown))));
  }
  return KernelRefusal("load BPF programs", error, /*because_of_verifier=*/true);
}

sdk::Status KernelFlows::MakeTables(const KernelOptions& options) {
  constexpr const char* kNames[] = {"weir_flows_0", "weir_flows_1"};
  for (size_t i = 0; i < tables_.size(); ++i) {
    // Without flags it takes all its memory now: an insertion never waits for any.
    const int fd = bpf_map_create(BPF_MAP_TYPE_HASH, kNames[i], sizeof(flow_id_t),
                                  sizeof(flow_value_t), options.max_flows, nullptr);
    if (fd < 0) {
      return KernelRefusal(
          absl::StrCat("create a flow table of ", options.max_flows, " entries (cache_max_flows)"),
          -fd);
    }
    tables_[i] = sdk::UniqueFd(fd);
  }
  return Activate(0);
}

sdk::Status KernelFlows::MakeRing() {
  const auto on_event = [](void* context, void* data, size_t size) -> int {
    if (size < sizeof(flow_record_t)) return -EBADMSG;  // none that the programs write
    (*static_cast<KernelFlows*>(context)->on_record_)(*static_cast<flow_record_t*>(data));
    return 0;
  };
  ring_.reset(
      ring_buffer__new(bpf_map__fd(skeleton_->maps.overflow_ring), on_event, this, nullptr));
  if (ring_ == nullptr) return sdk::ErrnoStatus("map the overflow ring", errno);
  return sdk::OkStatus();
}

bpf_program* KernelFlows::Program(uint16_t hardware_type, uint8_t direction) const {
  const bool ingress = direction == WEIR_DIRECTION_INGRESS;
  if (HasEthernetHeader(hardware_type)) {
    return ingress ? skeleton_->progs.ingress_ethernet : skeleton_->progs.egress_ethernet;
  }
  if (HasNoLinkLayer(hardware_type)) {
    return ingress ? skeleton_->progs.ingress_no_link_layer : skeleton_->progs.egress_no_link_layer;
  }
  return nullptr;
}

int KernelFlows::ProgramFd(uint16_t hardware_type, uint8_t direction) const {
  bpf_program* const program = Program(hardware_type, direction);
  return program == nullptr ? -1 : bpf_program__fd(program);
}

sdk::Result<std::unique_ptr<Attachment>> KernelFlows::Attach(const sdk::Link& link,
                                                             uint8_t direction, AttachMode mode) {
  bpf_program* const program = Program(link.hardware_type, direction);
  if (program == nullptr) {
    return sdk::Status(WEIR_FAILED_PRECONDITION,
                       absl::StrCat("interface '", link.name, "': links of hardware type ",
                                    link.hardware_type, " (ARPHRD_*) cannot be measured"));
  }
  return AttachProgram(program, link, direction, mode, &qdiscs_);
}

// The kernel returns from changing a map of maps only after all programs that ran
// at that moment have ended (maybe_wait_bpf_programs): flip and fence in one.
sdk::Status KernelFlows::Activate(int table) {
  const uint32_t zero = 0;
  const int fd = tables_[table].get();
  const int error =
      -bpf_map_update_elem(bpf_map__fd(skeleton_->maps.active_table), &zero, &fd, BPF_ANY);
  if (error != 0) return sdk::ErrnoStatus("change the active flow table", error);
  active_ = table;
  return sdk::OkStatus();
}

sdk::Status KernelFlows::Flip() { return Activate(1 - active_); }

sdk::Status KernelFlows::Drain(const OnFlows& on_flows) {
  return drain_.Drain(tables_[1 - active_].get(), on_flows);
}

sdk::Result<flow_counters_t> KernelFlows::Counters() {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return sdk::ErrnoStatus("count processors", -cpus);
  std::vector<flow_counters_t> per_cpu(static_cast<size_t>(cpus));
  static_assert(sizeof(flow_counters_t) % 8 == 0, "the kernel's stride of per-CPU values");
  const uint32_t zero = 0;
  const int error =
      -bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.counters_map), &zero, per_cpu.data());
  if (error != 0) return sdk::ErrnoStatus("read counters", error);
  flow_counters_t sum{};
  for (const flow_counters_t& one : per_cpu) Add(one, &sum);
  return sum;
}

sdk::Result<size_t> KernelFlows::ReadOverflow(size_t limit, const OnRecord& on_record) {
  if (ring_ == nullptr) return size_t{0};
  on_record_ = &on_record;
  const int consumed = ring_buffer__consume_n(ring_.get(), limit);
  on_record_ = nullptr;
  if (consumed < 0) return sdk::ErrnoStatus("read the overflow ring", -consumed);
  return static_cast<size_t>(consumed);
}

}  // namespace weir::ebpf
