// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/capture_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/config/loader.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/watchdog.h"
#include "core/plugin/host.h"
#include "core/record/stage_kind.h"
#include "core/telemetry/metrics.h"
#include "glog/logging.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"
#include "tools/benchmarks/comparison.h"
#include "tools/benchmarks/own_sink.h"
#include "tools/benchmarks/synthetic_capture.h"

namespace weir::benchmarks {

namespace {

constexpr uint32_t kSnapLength = 96;
constexpr size_t kReadBytes = 128 * 1024;  // as the source does

absl::StatusOr<std::unique_ptr<pipeline::Pipeline>> PipelineOf(const std::string& text,
                                                               const plugin::Catalogue& catalogue,
                                                               plugin::Runtime* runtime) {
  const auto config =
      config::LoadText(text, "capture", catalogue.schemas(), config::ProcessEnvironment());
  if (!config.ok()) return config.status();
  std::vector<pipeline::StageSpec> specs = catalogue.StageSpecs(*config, "capture", runtime);
  for (pipeline::StageSpec& spec : specs) {
    if (spec.kind != StageKind::kSink) continue;
    spec.factory = [](pipeline::StageHost* host) {
      return absl::StatusOr<std::unique_ptr<pipeline::Stage>>(
          std::make_unique<OwnSink>(host, BatchUse()));
    };
  }
  return pipeline::Pipeline::Create(specs, pipeline::SystemClock());
}

// Until the source has come to the end of its input, and the sink has had all of it.
absl::Status RunToItsEnd(pipeline::Pipeline* pipeline) {
  if (absl::Status status = pipeline->Start(); !status.ok()) return status;
  pipeline->WaitUntilEnding();
  return pipeline::DrainWithin(pipeline, absl::Seconds(60),
                               [] { LOG(FATAL) << "a stage does not return"; });
}

uint64_t ArrivedAtSink(const pipeline::Pipeline& pipeline) {
  uint64_t records = 0;
  for (const pipeline::StageReport& stage : pipeline.Report()) {
    if (stage.kind == StageKind::kSink) records += stage.balance.emitted;
  }
  return records;
}

sdk::Status ReadWhole(const std::string& path) {
  const sdk::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return sdk::ErrnoStatus("open " + path, errno);
  std::vector<char> buffer(kReadBytes);
  ssize_t got = 0;
  do {
    got = read(file.get(), buffer.data(), buffer.size());
  } while (got > 0 || (got < 0 && errno == EINTR));
  return got == 0 ? sdk::OkStatus() : sdk::ErrnoStatus("read " + path, errno);
}

}  // namespace

sdk::Result<std::unique_ptr<CaptureSource>> CaptureSource::Make(const plugin::Catalogue& catalogue,
                                                                uint32_t packets, uint32_t flows) {
  sdk::Result<std::unique_ptr<ScopedFolder>> folder = ScopedFolder::Make();
  if (!folder.ok()) return folder.status();
  std::unique_ptr<CaptureSource> source(new CaptureSource(catalogue, packets, *std::move(folder)));
  const auto written = WriteCapture({packets, flows / 2, kSnapLength}, source->Path());
  if (!written.ok()) return written.status();
  return source;
}

std::string CaptureSource::PipelineText() const {
  return absl::StrCat(
      "source { name: 'capture' type: 'pcap' config { [weir/weir.sources.Pcap] { path: '", Path(),
      "' } } }\n"
      "sink { name: 'own' type: 'stdout' input: 'capture' }\n");
}

sdk::Result<double> CaptureSource::Sample() const {
  telemetry::MetricRegistry metrics;
  plugin::Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  const auto pipeline = PipelineOf(PipelineText(), catalogue_, &runtime);
  if (!pipeline.ok()) return pipeline.status();
  const int64_t begin = ProcessCpuNs();
  if (absl::Status status = RunToItsEnd(pipeline->get()); !status.ok()) return status;
  const double ns = static_cast<double>(ProcessCpuNs() - begin) / packets_;
  const uint64_t arrived = ArrivedAtSink(**pipeline);
  if (arrived != packets_) {
    return absl::DataLossError(
        absl::StrCat("of ", packets_, " packets of a capture ", arrived, " arrived"));
  }
  return ns;
}

sdk::Result<double> CaptureSource::SampleReading() const {
  const int64_t begin = ThreadCpuNs();
  if (sdk::Status status = ReadWhole(Path()); !status.ok()) return status;
  return static_cast<double>(ThreadCpuNs() - begin) / packets_;
}

}  // namespace weir::benchmarks
