// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/sink_costs.h"

#include <chrono>
#include <list>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/benchmarks/collector_process.h"
#include "tools/benchmarks/driven_pipeline.h"
#include "tools/benchmarks/scoped_folder.h"
#include "tools/benchmarks/test_rows.h"

namespace weir::benchmarks {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr char kNull[] = "null";
constexpr char kGrpc[] = "grpc";

// A sample's records fill messages of this size, so that none waits for more.
constexpr uint32_t kRecordsPerMessage = 8'192;

std::string SinkText(std::string_view type, std::string_view config) {
  return absl::StrCat("sink { name: 'out' input: 'rows' type: '", type, "' config { ", config,
                      " } }");
}

class SinkBench {
 public:
  SinkBench(const SinkEffort& effort, const plugin::Catalogue& catalogue, const std::string& weir,
            const ScopedFolder& folder)
      : rounds_(effort.rounds),
        catalogue_(catalogue),
        weir_(weir),
        folder_(folder),
        rows_(effort.records, effort.records) {}

  sdk::Status Measure() {
    absl::Status status = Add(kNull, {"", "rows", {}});
    if (status.ok()) status = AddStdout();
    if (status.ok()) status = AddFile();
    if (status.ok()) status = AddGrpc();
    if (!status.ok()) return status;
    auto measurements = Compare("sink", absl::StrCat(rows_.records(), " records"), rounds_,
                                /*floor=*/"", subjects_);
    if (!measurements.ok()) return measurements.status();
    costs_.measurements = *std::move(measurements);
    for (const auto& [subject, rates] : rates_) {
      costs_.rates.push_back({subject, Summarize(rates).median});
    }
    return sdk::OkStatus();
  }

  SinkCosts TakeCosts() { return std::move(costs_); }

 private:
  absl::Status Add(const std::string& name, const DrivenStages& stages) {
    auto pipeline = DrivenPipeline::Start(catalogue_, stages);
    if (!pipeline.ok()) return pipeline.status();
    pipelines_.push_back(*std::move(pipeline));
    rates_.push_back({name, {}});
    subjects_.push_back(
        {name, kNull, [this, driven = pipelines_.back().get(), rates = &rates_.back().second] {
           return Sample(driven, rates);
         }});
    return absl::OkStatus();
  }

  sdk::Result<double> Sample(DrivenPipeline* pipeline, std::vector<double>* rates) {
    const auto begin = SteadyClock::now();
    const int64_t cpu_begin = ProcessCpuNs();
    if (absl::Status status = pipeline->Deliver(rows_.all()); !status.ok()) return status;
    const double cpu_ns = static_cast<double>(ProcessCpuNs() - cpu_begin);
    const std::chrono::duration<double> seconds = SteadyClock::now() - begin;
    rates->push_back(rows_.records() / seconds.count());
    return cpu_ns / rows_.records();
  }

  absl::Status AddStdout() {
    for (const char* const format : {"JSON", "CSV", "TABLE"}) {
      absl::Status status = Add(
          absl::StrCat("stdout, ", format),
          {SinkText("stdout", absl::StrCat("[weir/weir.sinks.Stdout] { format: ", format, " }")),
           "",
           {}});
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Some files of each, so that the folder does not grow from round to round.
  absl::Status AddFile() {
    for (const auto& [format, compression] :
         {std::pair{"JSON", "NONE"}, std::pair{"JSON", "GZIP"}, std::pair{"JSON", "ZSTD"},
          std::pair{"CSV", "NONE"}, std::pair{"PROTOBUF", "NONE"}, std::pair{"RAW", "NONE"}}) {
      const std::string name = absl::StrCat(format, ".", compression);
      const std::string config = absl::StrCat(
          "[weir/weir.sinks.File] { path: '", folder_.File(name), "-%S' format: ", format,
          " compression: ", compression,
          " flush_interval: '10ms' rotate_bytes: 33554432 max_files: 1 fsync: NEVER }");
      absl::Status status =
          Add(absl::StrCat("file, ", format, compression == std::string_view("NONE") ? "" : ", ",
                           compression == std::string_view("NONE") ? "" : compression),
              {SinkText("file", config), "", {}});
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddGrpc() {
    auto collector = CollectorProcess::Start(weir_, folder_.path());
    if (!collector.ok()) return ToAbsl(collector.status());
    collector_ = *std::move(collector);
    const std::string config =
        absl::StrCat("[weir/weir.sinks.Grpc] { target: '", collector_->target(),
                     "' message_max_flows: ", kRecordsPerMessage,
                     " flush_interval: '10ms' agent_ip: '192.0.2.1' }");
    absl::Status status = Add(kGrpc, {SinkText("grpc", config), "", {}});
    if (absl::IsFailedPrecondition(status)) {
      // Built without the machine's library, or on a machine without it.
      costs_.missing.push_back(absl::StrCat(kGrpc, ": ", status.message()));
      return absl::OkStatus();
    }
    if (!status.ok()) return status;
    AddCollector();
    return absl::OkStatus();
  }

  // What the other side has cost for the records that came since it was last asked: those
  // of the subject before this one.
  void AddCollector() {
    auto sample = std::move(subjects_.back().sample);
    subjects_.back().sample = [this, sample = std::move(sample)]() -> sdk::Result<double> {
      const int64_t begin = collector_->CpuNs();
      sdk::Result<double> own = sample();
      collected_ns_ = static_cast<double>(collector_->CpuNs() - begin) / rows_.records();
      return own;
    };
    subjects_.push_back({absl::StrCat(kGrpc, ", the collector"), kNull,
                         [this] { return sdk::Result<double>(collected_ns_); }});
  }

  static absl::Status ToAbsl(const sdk::Status& status) {
    return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
  }

  const int rounds_;
  const plugin::Catalogue& catalogue_;
  const std::string weir_;
  const ScopedFolder& folder_;
  const TestRows rows_;
  std::unique_ptr<CollectorProcess> collector_;
  double collected_ns_ = 0;
  std::vector<std::unique_ptr<DrivenPipeline>> pipelines_;
  std::list<std::pair<std::string, std::vector<double>>> rates_;
  std::vector<Subject> subjects_;
  SinkCosts costs_;
};

}  // namespace

sdk::Result<SinkCosts> MeasureSinks(const SinkEffort& effort, const plugin::Catalogue& catalogue,
                                    const std::string& weir) {
  sdk::Result<std::unique_ptr<ScopedFolder>> folder = ScopedFolder::Make();
  if (!folder.ok()) return folder.status();
  SinkBench bench(effort, catalogue, weir, **folder);
  if (sdk::Status status = bench.Measure(); !status.ok()) return status;
  return bench.TakeCosts();
}

}  // namespace weir::benchmarks
