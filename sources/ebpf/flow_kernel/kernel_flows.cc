// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/flow_kernel/kernel_flows.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/attach/program_attachment.h"
#include "sources/ebpf/tables/hash_tables.h"
#include "sources/ebpf/tables/mapped_table.h"

namespace weir::ebpf {

namespace {

// Returns a power of two that is a multiple of the page size, as the kernel requires.
uint32_t RingSize(uint32_t wanted) {
  uint64_t size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  while (size < wanted) size *= 2;
  return static_cast<uint32_t>(std::min<uint64_t>(size, uint64_t{1} << 31));
}

void Add(const flow_counters_t& other, flow_counters_t* sum) {
  sum->ringbuf_packets += other.ringbuf_packets;
  sum->ringbuf_bytes += other.ringbuf_bytes;
  sum->dropped_packets += other.dropped_packets;
  sum->dropped_bytes += other.dropped_bytes;
  sum->sampled_out_packets += other.sampled_out_packets;
  sum->filter_accepted += other.filter_accepted;
  sum->filter_rejected += other.filter_rejected;
  sum->filter_unmatched += other.filter_unmatched;
  sum->fragments += other.fragments;
  sum->truncated += other.truncated;
  for (int i = 0; i < WEIR_TABLE_FAILURES; ++i) sum->table_failures[i] += other.table_failures[i];
}

// Makes a flow of one packet of the ring buffer.
Flow FlowOf(const flow_event_t& event) {
  Flow flow{event.record.id, {}};
  flow.value.packets = event.record.metrics.packets;
  flow.value.wire_packets = event.wire_packets;
  flow.value.bytes = event.record.metrics.bytes;
  flow.value.more_wire_bytes = event.more_wire_bytes;
  flow.value.start_mono_time_ns = event.record.metrics.start_mono_time_ns;
  flow.value.end_time = event.record.metrics.end_mono_time_ns;
  flow.value.details = event.details;
  return flow;
}

sdk::Result<flow_hash_seed_t> RandomSeed() {
  flow_hash_seed_t seed{};
  ssize_t size = 0;
  do {
    size = getrandom(&seed, sizeof(seed), 0);
  } while (size < 0 && errno == EINTR);
  if (size != static_cast<ssize_t>(sizeof(seed))) return sdk::ErrnoStatus("getrandom", errno);
  seed.src_factor |= 1;
  seed.dst_factor |= 1;
  return seed;
}

// The programs for a network namespace other than weir's own.
class NamespacePrograms : public ProgramAttacher {
 public:
  using Loader = std::function<sdk::Result<std::unique_ptr<FlowPrograms>>(LinkKind kind)>;

  explicit NamespacePrograms(Loader load) : load_(std::move(load)) {}

  sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                  const AttachOptions& options) override {
    const std::optional<LinkKind> kind = LinkKindOf(link.hardware_type);
    if (!kind) return CannotBeMeasured(link.name, link.hardware_type);
    std::unique_ptr<FlowPrograms>& programs =
        *kind == LinkKind::kEthernet ? ethernet_ : no_link_layer_;
    if (programs == nullptr) {
      sdk::Result<std::unique_ptr<FlowPrograms>> loaded = load_(*kind);
      if (!loaded.ok()) return loaded.status();
      programs = *std::move(loaded);
    }
    return AttachProgram(programs->Find(link.hardware_type, direction), link, direction, options,
                         &qdiscs_);
  }

 private:
  const Loader load_;
  std::unique_ptr<FlowPrograms> ethernet_;  // null: not needed yet
  std::unique_ptr<FlowPrograms> no_link_layer_;
  ClsactQdiscs qdiscs_;  // of that namespace: indexes mean different interfaces elsewhere
};

// Returns true if the error means that this kernel cannot load the mapped tier but may load the
// hash tier.
bool MayWorkWithHash(const sdk::Status& status) {
  return status.code() == WEIR_INTERNAL || status.code() == WEIR_UNIMPLEMENTED;
}

}  // namespace

void KernelFlows::FreeRing::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

KernelFlows::~KernelFlows() = default;

sdk::Result<std::unique_ptr<KernelFlows>> KernelFlows::Load(const KernelOptions& options,
                                                            const sdk::Stage& stage) {
  if (options.tier != TableTier::kAuto) return LoadTier(options, stage);
  KernelOptions with_tier = options;
  with_tier.tier = TableTier::kMapped;
  sdk::Result<std::unique_ptr<KernelFlows>> mapped = LoadTier(with_tier, stage);
  if (mapped.ok() || !MayWorkWithHash(mapped.status())) return mapped;
  stage.Log(WEIR_LOG_INFO, absl::StrCat("flow table: hash maps instead of the mapped table: ",
                                        mapped.status().message()));
  with_tier.tier = TableTier::kHash;
  return LoadTier(with_tier, stage);
}

sdk::Result<std::unique_ptr<KernelFlows>> KernelFlows::LoadTier(const KernelOptions& options,
                                                                const sdk::Stage& stage) {
  std::unique_ptr<KernelFlows> kernel(new KernelFlows(options));
  if (!options.pin_path.empty()) {
    sdk::Result<std::unique_ptr<DatapathPins>> pins =
        DatapathPins::Open(options, RingSize(options.ring_bytes));
    if (!pins.ok()) return pins.status();
    kernel->pins_ = *std::move(pins);
  }
  const MapMaker maker = kernel->pins_ == nullptr ? MapMaker() : kernel->pins_->maker();
  sdk::Status status = kernel->MakeTable(maker);
  if (status.ok()) status = kernel->MakeOtherMaps(maker);
  if (status.ok()) status = kernel->LoadPrograms(stage);
  if (status.ok() && options.ring_bytes > 0) status = kernel->OpenRing();
  if (status.ok() && kernel->pins_ != nullptr) status = kernel->ContinueFromPins(stage);
  if (!status.ok()) return status;
  return kernel;
}

sdk::Status KernelFlows::CheckPins(const KernelOptions& options) {
  return DatapathPins::Check(options, RingSize(options.ring_bytes));
}

sdk::Status KernelFlows::ContinueFromPins(const sdk::Stage& stage) {
  if (!pins_->takes_over()) return pins_->Complete(options_, RingSize(options_.ring_bytes));
  const PinnedNote& note = pins_->note();
  stage.Log(WEIR_LOG_INFO, absl::StrCat("continues with the flows pinned in ", options_.pin_path));
  drained_.table_packets = note.table_packets;
  drained_.table_bytes = note.table_bytes;
  return note.handed_over != 0 ? ClearHandedOver() : sdk::OkStatus();
}

sdk::Status KernelFlows::MakeTable(const MapMaker& maker) {
  if (tier_ == TableTier::kHash) {
    sdk::Result<std::unique_ptr<HashTables>> tables = HashTables::Create(options_.max_flows, maker);
    if (!tables.ok()) return tables.status();
    table_ = *std::move(tables);
    return sdk::OkStatus();
  }
  sdk::Result<flow_hash_seed_t> seed = RandomSeed();
  if (!seed.ok()) return seed.status();
  sdk::Result<std::unique_ptr<MappedTable>> table =
      MappedTable::Create(options_.max_flows, *seed, maker);
  if (!table.ok()) return table.status();
  table_ = *std::move(table);
  return sdk::OkStatus();
}

sdk::Status KernelFlows::MakeOtherMaps(const MapMaker& maker) {
  sdk::Result<sdk::UniqueFd> ring =
      maker.Make({"weir_ring", BPF_MAP_TYPE_RINGBUF, 0, 0, RingSize(options_.ring_bytes)},
                 "create the overflow ring (ring_bytes)");
  if (!ring.ok()) return ring.status();
  ring_map_ = *std::move(ring);
  sdk::Result<sdk::UniqueFd> counters = maker.Make(
      {"weir_counters", BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(uint32_t), sizeof(flow_counters_t), 1},
      "create the counters");
  if (!counters.ok()) return counters.status();
  counters_map_ = *std::move(counters);
  return sdk::OkStatus();
}

std::vector<ProgramMap> KernelFlows::ProgramMaps() const {
  std::vector<ProgramMap> maps = table_->ProgramMaps();
  maps.push_back({"overflow_ring", ring_map_.get()});
  maps.push_back({"counters_map", counters_map_.get()});
  return maps;
}

sdk::Status KernelFlows::LoadPrograms(const sdk::Stage& stage) {
  constexpr uint32_t kOwnNamespace = 0;
  sdk::Result<std::unique_ptr<FlowPrograms>> programs =
      FlowPrograms::Load(options_, ProgramMaps(), kOwnNamespace, LinkKind::kAny, stage);
  if (!programs.ok()) return programs.status();
  programs_ = *std::move(programs);
  sdk::Result<EndClock> clock = programs_->ReadEndClock();
  if (!clock.ok()) return clock.status();
  end_clock_ = *clock;
  return sdk::OkStatus();
}

sdk::Status KernelFlows::OpenRing() {
  const auto on_event = [](void* context, void* data, size_t size) -> int {
    if (size < sizeof(flow_event_t)) return -EBADMSG;  // the programs write none such
    (*static_cast<KernelFlows*>(context)->on_packet_)(FlowOf(*static_cast<flow_event_t*>(data)));
    return 0;
  };
  ring_.reset(ring_buffer__new(ring_map_.get(), on_event, this, nullptr));
  if (ring_ == nullptr) return sdk::ErrnoStatus("map the overflow ring", errno);
  return sdk::OkStatus();
}

int KernelFlows::ProgramFd(uint16_t hardware_type, uint8_t direction) const {
  bpf_program* const program = programs_->Find(hardware_type, direction);
  return program == nullptr ? -1 : bpf_program__fd(program);
}

sdk::Result<std::unique_ptr<Attachment>> KernelFlows::Attach(const sdk::Link& link,
                                                             uint8_t direction,
                                                             const AttachOptions& options) {
  bpf_program* const program = programs_->Find(link.hardware_type, direction);
  if (program == nullptr) return CannotBeMeasured(link.name, link.hardware_type);
  if (pins_ == nullptr) return AttachProgram(program, link, direction, options, &qdiscs_);
  return AttachPinned(program, link, direction, options, &qdiscs_,
                      pins_->LinkPath(link.if_index, direction));
}

sdk::Status KernelFlows::DetachLeftovers() {
  return pins_ == nullptr ? sdk::OkStatus() : pins_->DetachLeftovers();
}

std::unique_ptr<ProgramAttacher> KernelFlows::ForNamespace(uint32_t namespace_id,
                                                           const sdk::Stage& stage) {
  KernelOptions with_tier = options_;
  with_tier.tier = tier_;
  const auto load = [with_tier, maps = ProgramMaps(), namespace_id, stage](LinkKind kind) {
    return FlowPrograms::Load(with_tier, maps, namespace_id, kind, stage);
  };
  return std::make_unique<NamespacePrograms>(load);
}

sdk::Status KernelFlows::Flip() { return table_->Flip(); }

sdk::Status KernelFlows::EndCounting() { return table_->EndFilling(); }

OnFlow KernelFlows::Finished(const OnFlow& on_flow, TableTotals* totals) const {
  return [this, &on_flow, totals](const Flow& as_written) {
    Flow flow = as_written;
    end_clock_.ToNanoseconds(&flow.value);
    totals->packets += flow.value.packets;
    totals->bytes += flow.value.bytes;
    on_flow(flow);
  };
}

sdk::Status KernelFlows::Drain(const OnFlow& on_flow) {
  TableTotals totals;
  const sdk::Status status = table_->Drain(Finished(on_flow, &totals));
  drained_.table_packets += totals.packets;
  drained_.table_bytes += totals.bytes;
  return status;
}

sdk::Status KernelFlows::Read(const OnFlow& on_flow) {
  read_ = {};
  return table_->Read(Finished(on_flow, &read_));
}

// In this order, so that a process that starts after a sudden end of this one reads again all flows
// that may not have been handed over. It must not read flows that were handed over and only half
// cleared.
sdk::Status KernelFlows::Clear() {
  drained_.table_packets += read_.packets;
  drained_.table_bytes += read_.bytes;
  read_ = {};
  if (pins_ == nullptr) return table_->Clear();
  const sdk::Status noted = pins_->NoteHandedOver({drained_.table_packets, drained_.table_bytes});
  return noted.ok() ? ClearHandedOver() : noted;
}

sdk::Status KernelFlows::ClearHandedOver() {
  const sdk::Status cleared = table_->Clear();
  return cleared.ok() ? pins_->NoteCleared() : cleared;
}

sdk::Result<DatapathCounters> KernelFlows::Counters() {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return sdk::ErrnoStatus("count processors", -cpus);
  std::vector<flow_counters_t> per_cpu(static_cast<size_t>(cpus));
  static_assert(sizeof(flow_counters_t) % 8 == 0, "the kernel's stride of per-CPU values");
  const uint32_t zero = 0;
  const int error = -bpf_map_lookup_elem(counters_map_.get(), &zero, per_cpu.data());
  if (error != 0) return sdk::ErrnoStatus("read counters", error);
  DatapathCounters counters = drained_;
  for (const flow_counters_t& one : per_cpu) Add(one, &counters.kernel);
  return counters;
}

int KernelFlows::overflow_fd() const {
  return ring_ == nullptr ? -1 : ring_buffer__epoll_fd(ring_.get());
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
