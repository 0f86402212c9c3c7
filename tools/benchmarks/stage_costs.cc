// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/record/batch.h"
#include "core/record/encoded_records.h"
#include "core/record/protobuf.h"
#include "tools/benchmarks/capture_source.h"
#include "tools/benchmarks/driven_pipeline.h"
#include "tools/benchmarks/memory_floor.h"
#include "tools/benchmarks/test_rows.h"
#include "tools/benchmarks/userspace_costs.h"

namespace weir::benchmarks {

namespace {

constexpr uint64_t kHourNs = uint64_t{3'600} * 1'000'000'000;
constexpr char kSlot[] = "memory: a slot for the flow of each record";

// Processor time of the whole process while `work` is done, by `records`.
template <typename Work>
sdk::Result<double> TimeOf(uint64_t records, const Work& work) {
  const int64_t begin = ProcessCpuNs();
  if (absl::Status status = work(); !status.ok()) return status;
  return static_cast<double>(ProcessCpuNs() - begin) / static_cast<double>(records);
}

uint64_t RecordsOf(const Batches& batches) {
  uint64_t records = 0;
  for (const pipeline::BatchRef& batch : batches) records += batch->size;
  return records;
}

// The first ones, with `records` records or as many as there are.
Batches Some(const Batches& batches, uint64_t records) {
  Batches some;
  for (const pipeline::BatchRef& batch : batches) {
    if (records == 0) break;
    some.push_back(batch);
    records -= std::min<uint64_t>(records, batch->size);
  }
  return some;
}

// Makes each batch anew, as a source does that reads records from somewhere.
absl::Status EmitCopies(DrivenPipeline* pipeline, const Batches& batches) {
  return pipeline->Run([&batches](pipeline::StageHost* host) {
    for (const pipeline::BatchRef& batch : batches) {
      weir_batch* const copy = pipeline::AllocateBatch(kRowsPerBatch);
      if (copy == nullptr) return absl::ResourceExhaustedError("no memory for a batch");
      std::memcpy(copy->rows, batch->rows, size_t{batch->size} * batch->stride);
      copy->size = batch->size;
      host->counters().AddReceived(copy->size);
      absl::Status status = host->Emit(pipeline::BatchRef::Adopt(copy));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

// An accounter that holds all flows or none.
class AccounterCosts {
 public:
  static absl::StatusOr<std::unique_ptr<AccounterCosts>> Start(const plugin::Catalogue& catalogue,
                                                               const TestRows& rows) {
    auto pipeline = DrivenPipeline::Start(
        catalogue, {absl::StrCat("transform { name: 'account' type: 'accounter' input: 'rows' "
                                 "config { [weir/weir.transforms.Accounter] { max_entries: ",
                                 rows.flows(), " evict_timeout: '1h' } } }"),
                    "account",
                    {}});
    if (!pipeline.ok()) return pipeline.status();
    std::unique_ptr<AccounterCosts> costs(new AccounterCosts(rows, *std::move(pipeline)));
    const size_t before = Allocated();
    if (absl::Status status = costs->Fill(); !status.ok()) return status;
    costs->bytes_per_flow_ = static_cast<double>(Allocated() - before) / rows.flows();
    return costs;
  }

  double bytes_per_flow() const { return bytes_per_flow_; }

  sdk::Result<double> SampleKnown() {
    if (absl::Status status = Fill(); !status.ok()) return status;
    return TimeOf(rows_.records(), [this] { return pipeline_->Emit(rows_.all()); });
  }
  sdk::Result<double> SampleNew() {
    if (absl::Status status = Empty(); !status.ok()) return status;
    return TimeOf(rows_.flows(), [this] { return Fill(); });
  }
  sdk::Result<double> SampleEviction() {
    if (absl::Status status = Fill(); !status.ok()) return status;
    return TimeOf(rows_.flows(), [this] { return Empty(); });
  }

 private:
  AccounterCosts(const TestRows& rows, std::unique_ptr<DrivenPipeline> pipeline)
      : rows_(rows), pipeline_(std::move(pipeline)) {}

  // In use of all that malloc has given.
  static size_t Allocated() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  }

  absl::Status Fill() {
    if (full_) return absl::OkStatus();
    full_ = true;
    return pipeline_->Emit(rows_.first());
  }
  absl::Status Empty() {
    if (!full_) return absl::OkStatus();
    full_ = false;
    return pipeline_->Evict(kHourNs, any_);
  }

  const TestRows& rows_;
  const std::unique_ptr<DrivenPipeline> pipeline_;
  const pipeline::BatchRef any_ = BatchOfOne(PacketOf(0));  // comes before the clock is looked at
  bool full_ = false;
  double bytes_per_flow_ = 0;
};

// A sink like weir's, but that nobody gets what it writes.
BatchUse WriteProtobuf() {
  ProtobufOptions options;
  options.framing = ProtobufOptions::Framing::kEntry;
  return [encoder = ProtobufEncoder(options),
          encoded = std::make_shared<EncodedRecords>(64 * 1024)](const weir_batch* batch) mutable {
    for (uint32_t first = 0; first < batch->size;) {
      first = encoded->Encode(BatchView(batch), first, &encoder);
    }
  };
}

// All that is measured with one number of flows.
class StageBench {
 public:
  StageBench(const UserspaceEffort& effort, const plugin::Catalogue& catalogue, uint32_t flows)
      : effort_(effort),
        catalogue_(catalogue),
        rows_(flows, effort.records),
        slots_(flows),
        traffic_(absl::StrCat(flows, " flows")) {}

  sdk::Status Measure(StageCosts* costs) {
    AddMemory();
    sdk::Status status;
    if (Wants("source")) status = AddSource();
    if (status.ok() && Wants("queue")) status = AddQueues();
    if (status.ok() && Wants("accounter")) status = AddAccounter(costs);
    if (status.ok() && Wants("encoder")) status = AddEncoders();
    if (status.ok() && Wants("transform")) status = AddTransforms();
    if (!status.ok()) return status;
    Measurements some = Compare("stage", traffic_, effort_.rounds, /*floor=*/"", subjects_);
    if (!some.ok()) return some.status();
    costs->measurements.insert(costs->measurements.end(), some->begin(), some->end());
    return sdk::OkStatus();
  }

 private:
  using Measurements = sdk::Result<std::vector<Measurement>>;

  bool Wants(std::string_view group) const { return effort_.only.empty() || effort_.only == group; }

  void Add(const std::string& name, std::function<sdk::Result<double>()> sample) {
    subjects_.push_back({name, kSlot, std::move(sample)});
  }

  void AddMemory() {
    Add(kSlot, [this] { return sdk::Result<double>(slots_.Sample(rows_.numbers())); });
    Add("memory: all bytes of the rows",
        [this] { return sdk::Result<double>(SampleStreaming(rows_)); });
  }

  // The pipeline lives as long as this.
  absl::StatusOr<DrivenPipeline*> Start(const DrivenStages& stages) {
    auto pipeline = DrivenPipeline::Start(catalogue_, stages);
    if (!pipeline.ok()) return pipeline.status();
    pipelines_.push_back(*std::move(pipeline));
    return pipelines_.back().get();
  }

  sdk::Status AddSource() {
    auto source = CaptureSource::Make(catalogue_, rows_.records(), rows_.flows());
    if (!source.ok()) return source.status();
    capture_ = *std::move(source);
    Add("pcap: reading of the file alone", [this] { return capture_->SampleReading(); });
    Add("pcap, to a queue", [this] { return capture_->Sample(); });
    return sdk::OkStatus();
  }

  absl::Status AddQueues() {
    const auto pipeline = Start({"", "rows", {}});
    if (!pipeline.ok()) return pipeline.status();
    Add("queue", [this, pipeline = *pipeline] {
      return TimeOf(rows_.records(), [&] { return pipeline->Emit(rows_.all()); });
    });
    Add("queue, batches made and filled", [this, pipeline = *pipeline] {
      return TimeOf(rows_.records(), [&] { return EmitCopies(pipeline, rows_.all()); });
    });
    return absl::OkStatus();
  }

  absl::Status AddAccounter(StageCosts* costs) {
    auto accounter = AccounterCosts::Start(catalogue_, rows_);
    if (!accounter.ok()) return accounter.status();
    accounter_ = *std::move(accounter);
    costs->footprints.push_back({"accounter", traffic_, accounter_->bytes_per_flow()});
    Add("accounter, record of a known flow", [this] { return accounter_->SampleKnown(); });
    Add("accounter, record of a new flow", [this] { return accounter_->SampleNew(); });
    Add("accounter, eviction of a flow", [this] { return accounter_->SampleEviction(); });
    return absl::OkStatus();
  }

  // Measures what becomes of this many records.
  absl::Status AddStages(const std::string& name, const DrivenStages& stages, uint32_t records) {
    const auto pipeline = Start(stages);
    if (!pipeline.ok()) return pipeline.status();
    Add(name, [batches = Some(rows_.all(), records), pipeline = *pipeline] {
      return TimeOf(RecordsOf(batches), [&] { return pipeline->Emit(batches); });
    });
    return absl::OkStatus();
  }

  // These take so long that fewer records will do.
  absl::Status AddEncoders() {
    const uint32_t records = effort_.records / 4;
    for (const char* const format : {"JSON", "CSV", "TABLE"}) {
      const std::string sink = absl::StrCat(
          "sink { name: 'console' type: 'stdout' input: 'rows' "
          "config { [weir/weir.sinks.Stdout] { format: ",
          format, " } } }");
      absl::Status status = AddStages(absl::StrCat("stdout, ", format), {sink, "", {}}, records);
      if (!status.ok()) return status;
    }
    return AddStages("protobuf, into memory", {"", "rows", WriteProtobuf()}, records);
  }

  absl::Status AddTransforms() {
    // What they let pass goes through a queue, as it does in front of a sink.
    const std::string remember = absl::StrCat(
        "type: 'dedup' config { [weir/weir.transforms.Dedup] { expiry: '24h' "
        "max_flows: ",
        rows_.flows());
    for (const auto& [name, config] : std::initializer_list<std::pair<const char*, std::string>>{
             {"filter, half of the records pass",
              "type: 'filter' config { [weir/weir.transforms.Filter] { "
              "expression: 'src_addr in (10.0.0.0/8, 192.0.2.0/24) and dst_port in (80, 443)' } }"},
             {"sample, one of 100",
              "type: 'sample' config { [weir/weir.transforms.Sample] { interval: 100 } }"},
             {"sample by flow, one of 100",
              "type: 'sample' config { [weir/weir.transforms.Sample] { "
              "interval: 100 by: FLOW } }"},
             {"dedup, all of the place that counts", absl::StrCat(remember, " } }")}}) {
      const std::string transform =
          absl::StrCat("transform { name: 'stage' input: 'rows' ", config, " }");
      absl::Status status = AddStages(name, {transform, "stage", {}}, effort_.records);
      if (!status.ok()) return status;
    }
    return AddMerge(remember);
  }

  // Each flow once: a record that waits for others of its flow, and goes on when its time has
  // come.
  absl::Status AddMerge(const std::string& dedup) {
    const auto pipeline = Start({absl::StrCat("transform { name: 'stage' input: 'rows' ", dedup,
                                              " mode: MERGE merge_window: '1h' } } }"),
                                 "stage",
                                 {}});
    if (!pipeline.ok()) return pipeline.status();
    Add("dedup, MERGE, record of a flow", [this, pipeline = *pipeline] {
      return TimeOf(rows_.flows(), [&]() -> absl::Status {
        if (absl::Status status = pipeline->Emit(rows_.first()); !status.ok()) return status;
        return pipeline->Evict(2 * kHourNs, any_);
      });
    });
    return absl::OkStatus();
  }

  const UserspaceEffort& effort_;
  const plugin::Catalogue& catalogue_;
  const TestRows rows_;
  SlotFloor slots_;
  const std::string traffic_;
  std::vector<std::unique_ptr<DrivenPipeline>> pipelines_;
  std::unique_ptr<CaptureSource> capture_;
  std::unique_ptr<AccounterCosts> accounter_;
  const pipeline::BatchRef any_ = BatchOfOne(PacketOf(0));
  std::vector<Subject> subjects_;
};

}  // namespace

sdk::Result<StageCosts> MeasureStages(const UserspaceEffort& effort,
                                      const plugin::Catalogue& catalogue) {
  StageCosts costs;
  for (const uint32_t flows : effort.flows) {
    StageBench bench(effort, catalogue, flows);
    if (sdk::Status status = bench.Measure(&costs); !status.ok()) return status;
  }
  return costs;
}

}  // namespace weir::benchmarks
