// SPDX-License-Identifier: Apache-2.0
#include "sources/record_file/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/record/raw_record.h"
#include "core/record/raw_record_reader.h"
#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/interruptible_reader.h"
#include "sources/record_file/block_reader.h"

namespace weir::sources {
namespace {

constexpr uint32_t kRowsPerBatch = sdk::BatchWriter::kDefaultRows;

absl::Status WithContext(const std::string& context, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(context, ": ", status.message()));
}

absl::Status ToAbsl(const sdk::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
}

absl::StatusOr<std::optional<ClockPair>> ClocksOf(const RecordFile& config) {
  if (config.has_wall_clock() != config.has_mono_clock_ns()) {
    return absl::InvalidArgumentError("wall_clock and mono_clock_ns: give both or neither");
  }
  if (!config.has_wall_clock()) return std::nullopt;
  absl::Time wall_clock;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, config.wall_clock(), &wall_clock, &error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("wall_clock: '", config.wall_clock(), "': ", error));
  }
  // Nanoseconds since 1970 in 64 bits reach from 1677 to 2262.
  if (absl::FromUnixNanos(absl::ToUnixNanos(wall_clock)) != wall_clock) {
    return absl::InvalidArgumentError(
        absl::StrCat("wall_clock: '", config.wall_clock(),
                     "' is not between 1677-09-21 and 2262-04-11, or finer than a nanosecond"));
  }
  return ClockPair{absl::ToUnixNanos(wall_clock), config.mono_clock_ns()};
}

}  // namespace

sdk::Result<std::unique_ptr<RecordFileSource>> RecordFileSource::Create(const RecordFile& config,
                                                                        sdk::Stage stage) {
  if (config.path().empty()) return sdk::Status(WEIR_INVALID_ARGUMENT, "path: is required");
  const absl::StatusOr<std::optional<ClockPair>> clocks = ClocksOf(config);
  if (!clocks.ok()) return clocks.status();
  return std::unique_ptr<RecordFileSource>(
      new RecordFileSource(config.path(), *clocks, std::move(stage)));
}

RecordFileSource::RecordFileSource(std::string path, std::optional<ClockPair> clocks,
                                   sdk::Stage stage)
    : path_(std::move(path)),
      name_(path_ == "-" ? "standard input" : path_),
      clocks_(clocks),
      stage_(std::move(stage)) {}

sdk::Status RecordFileSource::Diagnose(const sdk::Findings& findings) {
  if (path_ != "-" && sdk::IsNamedPipe(path_)) {
    findings.Add(sdk::NamedPipe(path_, R_OK));
    return sdk::OkStatus();
  }
  sdk::Status status = Open();
  struct stat info;
  if (status.ok() && fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode)) {
    status = CheckSize(static_cast<uint64_t>(info.st_size));
  }
  findings.Add(sdk::FindingOf(status, "path", absl::StrCat(name_, " can be read")));
  Close();
  return sdk::OkStatus();
}

sdk::Status RecordFileSource::CheckSize(uint64_t size) const {
  const uint64_t rest = size % sizeof(RawRecord);
  if (rest == 0) return sdk::OkStatus();
  if (size < sizeof(RawRecord)) {
    return {WEIR_DATA_LOSS, absl::StrCat(name_, ": is no recording: it has ", size,
                                         " bytes; a record has ", sizeof(RawRecord))};
  }
  return {WEIR_DATA_LOSS,
          absl::StrCat(name_, ": is no recording, or was cut: it ends inside a record of ",
                       sizeof(RawRecord), " bytes: a run reads the records before it, then fails")};
}

sdk::Status RecordFileSource::Start() {
  const absl::Status status = Open();
  if (!status.ok()) Close();
  return status;
}

absl::Status RecordFileSource::Open() {
  // O_NONBLOCK: open(2) must not wait for the writer of a named pipe. Run waits.
  fd_ = sdk::UniqueFd(path_ == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                   : open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const auto failed = [this](int error) {
    return ToAbsl(sdk::FileErrnoStatus(absl::StrCat("open ", name_), error));
  };
  if (fd_.get() < 0) return failed(errno);
  struct stat info;
  if (fstat(fd_.get(), &info) != 0) return failed(errno);
  if (S_ISDIR(info.st_mode)) return failed(EISDIR);
  return ToAbsl(wakeup_.Open());
}

sdk::Status RecordFileSource::Run() { return ReadAll(); }

absl::Status RecordFileSource::ReadAll() {
  sdk::BatchWriter writer(&stage_, kRowsPerBatch);
  BlockReader reader(sdk::InterruptibleReader(fd_.get(), wakeup_.fd(),
                                              [&]() -> sdk::Status { return HandOver(&writer); }));
  const ByteReader read = [&](void* to, size_t size) { return reader.Read(to, size); };
  ClockPair clocks;
  uint64_t offset = 0;
  absl::StatusOr<std::optional<RawRecord>> raw;
  for (raw = ReadFrom(read); raw.ok() && raw->has_value(); raw = ReadFrom(read)) {
    offset += sizeof(RawRecord);
    Record* const row = writer.Add();
    if (row == nullptr) return absl::ResourceExhaustedError(writer.status().message());
    // Read for each batch, because a pipe may last for days and clocks drift.
    if (writer.pending() == 1) clocks = clocks_ ? *clocks_ : stage_.Clocks();
    *row = NewRecord((*raw)->key, (*raw)->metrics, clocks.wall_ns, clocks.monotonic_ns, nullptr);
    if (writer.pending() < kRowsPerBatch) continue;
    if (absl::Status status = HandOver(&writer); !status.ok()) return status;
  }
  if (absl::Status status = HandOver(&writer); !status.ok()) return status;
  if (raw.ok() || reader.interrupted()) return absl::OkStatus();
  // An error of emit, which came back through the reader, is not a fault of the input.
  if (!writer.status().ok()) return raw.status();
  return WithContext(absl::StrCat(name_, ": at byte ", offset), raw.status());
}

absl::Status RecordFileSource::HandOver(sdk::BatchWriter* writer) {
  stage_.CountReceived(writer->pending());
  return ToAbsl(writer->Flush());
}

void RecordFileSource::Interrupt() {
  if (const sdk::Status status = wakeup_.Notify(); !status.ok()) {
    stage_.Log(WEIR_LOG_ERROR, status.message());
  }
}

sdk::Status RecordFileSource::Stop() {
  Close();
  return sdk::OkStatus();
}

void RecordFileSource::Close() {
  fd_ = sdk::UniqueFd();
  wakeup_.Close();
}

}  // namespace weir::sources
