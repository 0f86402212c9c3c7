// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/file_sink.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"
#include "sinks/file/output/retention.h"

namespace weir::sinks {
namespace {

constexpr uint64_t kRemovalIntervalNs = 60'000'000'000;
constexpr mode_t kFolderMode = 0750;
constexpr uint64_t kMostNumber = 999'999'999;  // the largest number that PathPattern recognises
// The pause between two attempts to open a path.
constexpr uint64_t kAttemptIntervalNs = 20'000'000;

std::unique_ptr<Compressor> MakeCompressor(File::Compression compression) {
  switch (compression) {
    case File::NONE:
      return nullptr;
    case File::GZIP:
      return MakeGzipCompressor();
    case File::ZSTD:
      return MakeZstdCompressor();
  }
  return nullptr;
}

// Returns the number of the rotation interval at this time; 0 if there are none.
int64_t IntervalOf(const FileSettings& settings, int64_t wall_ns) {
  return settings.rotate_interval_ns ? wall_ns / *settings.rotate_interval_ns : 0;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// False for file systems that only show the state of the kernel. Their folders may be writable.
bool TakesFiles(const struct statfs& system) {
  switch (static_cast<uint32_t>(system.f_type)) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case BPF_FS_MAGIC:
      return false;
    default:
      return true;
  }
}

}  // namespace

// Shared by the stages of a pipeline.
struct FileSink::Claims {
  std::map<std::string, std::string> stages;  // by path
};

sdk::Result<std::unique_ptr<FileSink>> FileSink::Create(const File& config, sdk::Stage stage) {
  static FileCalls calls;  // has no state
  return Create(config, std::move(stage), &calls);
}

sdk::Result<std::unique_ptr<FileSink>> FileSink::Create(const File& config, sdk::Stage stage,
                                                        FileCalls* calls) {
  sdk::Result<FileSettings> settings = FileSettings::Of(config);
  if (!settings.ok()) return settings.status();
  std::unique_ptr<FileSink> sink(new FileSink(*std::move(settings), std::move(stage), calls));
  if (sdk::Status status = sink->Claim(); !status.ok()) return status;
  return sink;
}

FileSink::Encoder FileSink::MakeEncoder(File::Format format) {
  switch (format) {
    case File::JSON:
      return JsonEncoder();
    case File::CSV:
      return CsvEncoder(false);  // Heading writes the names of the columns
    case File::PROTOBUF:
      return ProtobufEncoder(ProtobufOptions{ProtobufOptions::Framing::kDelimited, std::nullopt});
    case File::RAW:
      return RawEncoder();
  }
  return JsonEncoder();
}

FileSink::FileSink(FileSettings settings, sdk::Stage stage, FileCalls* calls)
    : settings_(std::move(settings)),
      stage_(std::move(stage)),
      calls_(calls),
      compressor_(MakeCompressor(settings_.compression)),
      file_(calls),
      encoder_(MakeEncoder(settings_.format)) {}

FileSink::~FileSink() {
  if (claims_ != nullptr) claims_->stages.erase(settings_.path.normal());
}

sdk::Status FileSink::Claim() {
  auto* const claims = stage_.Shared<Claims>("paths");
  if (claims == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory"};
  const auto [entry, claimed] = claims->stages.emplace(settings_.path.normal(), stage_.name());
  if (!claimed) {
    return {WEIR_INVALID_ARGUMENT, absl::StrCat("path: sink '", entry->second, "' has it too")};
  }
  claims_ = claims;
  return sdk::OkStatus();
}

// ---- Opening ------------------------------------------------------------------

sdk::Status FileSink::Diagnose(const sdk::Findings& findings) {
  const std::string path = settings_.path.At(stage_.WallNs());
  const sdk::Status status = CheckStart(path);
  if (file_.is_open()) static_cast<void>(file_.Close());  // nothing was written
  findings.Add(sdk::FindingOf(status, "path", absl::StrCat(path, " can be written")));
  return sdk::OkStatus();
}

sdk::Status FileSink::CheckStart(const std::string& path) {
  if (settings_.rotates()) {
    if (sdk::Status status = CheckFolder(FolderOf(path)); !status.ok()) return status;
    for (const std::string& leftover : settings_.path.Find().unfinished) {
      if (sdk::Status status = file_.OpenExisting(leftover); !status.ok()) return status;
      if (sdk::Status status = file_.Close(); !status.ok()) return status;
    }
    return sdk::OkStatus();
  }
  struct stat info;
  if (lstat(path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return CheckFolder(FolderOf(path));
  }
  if (sdk::Status status = file_.OpenExisting(path); !status.ok()) return status;
  return FindWholeBytes(file_.fd(), path, settings_.format, settings_.compression).status();
}

sdk::Status FileSink::CheckFolder(std::string folder) const {
  const auto failed = [&](int error) {
    return sdk::FileErrnoStatus(absl::StrCat("write to the folder ", folder), error);
  };
  struct stat info;
  while (stat(folder.c_str(), &info) != 0) {
    if (errno != ENOENT || !settings_.create_folders || folder == ".") return failed(errno);
    folder = FolderOf(folder);  // MakeFolders would start in the first folder that exists
  }
  if (!S_ISDIR(info.st_mode)) return failed(ENOTDIR);
  if (access(folder.c_str(), W_OK | X_OK) != 0) return failed(errno);
  struct statfs system;
  if (statfs(folder.c_str(), &system) != 0 || TakesFiles(system)) return sdk::OkStatus();
  return {WEIR_FAILED_PRECONDITION,
          absl::StrCat("write to the folder ", folder, ": its file system takes no files")};
}

sdk::Status FileSink::Start() {
  if (!settings_.rotates()) return OpenNext();
  const std::string path = settings_.path.At(stage_.WallNs());
  if (sdk::Status status = MakeFolders(path); !status.ok()) return status;
  if (sdk::Status status = CheckFolder(FolderOf(path)); !status.ok()) return status;
  if (sdk::Status status = FinishLeftovers(); !status.ok()) return status;
  RemoveOld();
  return sdk::OkStatus();
}

sdk::Status FileSink::OpenNext() {
  const int64_t now_ns = stage_.WallNs();
  name_ = settings_.path.At(now_ns);
  interval_ = IntervalOf(settings_, now_ns);
  if (sdk::Status status = MakeFolders(name_); !status.ok()) return status;
  if (settings_.rotates()) {
    sdk::Status status = file_.OpenNew(PathPattern::Unfinished(name_), settings_.mode);
    if (!status.ok()) return status;
  } else {
    if (sdk::Status status = file_.Open(name_, settings_.mode); !status.ok()) return status;
    if (sdk::Status status = CutTornEnd(); !status.ok()) {
      static_cast<void>(file_.Close());  // nothing was written
      return status;
    }
  }
  return sdk::OkStatus();
}

sdk::Status FileSink::OpenAgain() {
  const uint64_t now_ns = stage_.MonotonicNs();
  if (!open_error_.ok() && now_ns < next_attempt_ns_) return sdk::OkStatus();
  next_attempt_ns_ = now_ns + kAttemptIntervalNs;
  const bool failed_before = !open_error_.ok();
  open_error_ = OpenNext();
  if (open_error_.ok()) {
    if (failed_before) stage_.Log(WEIR_LOG_INFO, absl::StrCat("opened ", file_.path()));
    return sdk::OkStatus();
  }
  if (!failed_before) {
    stage_.Log(WEIR_LOG_WARNING, absl::StrCat(open_error_.message(),
                                              "; weir tries again, and records wait for up to ",
                                              kPatienceNs / 1'000'000'000, " s"));
  }
  if (!failed_before || encoded_.records() == 0) waiting_since_ns_ = now_ns;
  if (now_ns - waiting_since_ns_ < kPatienceNs) return sdk::OkStatus();
  ForgetEncoded();
  return open_error_;
}

sdk::Status FileSink::FollowPath() {
  if (file_.is_open()) {
    sdk::Result<OutputFile::Place> place = file_.Look();
    if (!place.ok()) return place.status();
    switch (*place) {
      case OutputFile::Place::kAtPath:
        return sdk::OkStatus();
      case OutputFile::Place::kElsewhere:
        stage_.Log(WEIR_LOG_INFO,
                   absl::StrCat(file_.path(), " was moved or replaced; it is opened anew"));
        if (sdk::Status status = FinishFile(); !status.ok()) return status;
        break;
      case OutputFile::Place::kDeleted:
        ForgetDeletedFile();
        break;
    }
  }
  // A sink that rotates opens the next file with the next record.
  if (settings_.rotates() && encoded_.records() == 0) return sdk::OkStatus();
  return OpenAgain();
}

void FileSink::ForgetDeletedFile() {
  stage_.Log(WEIR_LOG_WARNING, absl::StrCat(file_.path(), " was deleted, and ", file_.size(),
                                            " bytes of records with it; it is opened anew"));
  static_cast<void>(file_.Close());  // its errors no longer matter
}

sdk::Status FileSink::MakeFolders(const std::string& path) const {
  if (!settings_.create_folders) return sdk::OkStatus();
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    if (mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return sdk::FileErrnoStatus(absl::StrCat("make the folder ", folder), errno);
    }
  }
  return sdk::OkStatus();
}

sdk::Status FileSink::CutTornEnd() {
  const uint64_t size = file_.size();
  sdk::Result<uint64_t> whole =
      FindWholeBytes(file_.fd(), file_.path(), settings_.format, settings_.compression);
  if (!whole.ok()) return whole.status();
  if (*whole == size) return sdk::OkStatus();
  if (sdk::Status status = file_.Truncate(*whole); !status.ok()) return status;
  stage_.Log(WEIR_LOG_WARNING, absl::StrCat(file_.path(), ": the last ", size - *whole,
                                            " bytes were no whole record and were taken off"));
  return sdk::OkStatus();
}

sdk::Status FileSink::FinishLeftovers() {
  for (const std::string& path : settings_.path.Find().unfinished) {
    if (sdk::Status status = FinishLeftover(path); !status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status FileSink::FinishLeftover(const std::string& path) {
  if (sdk::Status status = file_.OpenExisting(path); !status.ok()) return status;
  if (sdk::Status status = CutTornEnd(); !status.ok()) {
    if (status.code() != WEIR_FAILED_PRECONDITION) return status;
    // Only a power failure can damage more than a kill does. Whatever the file is, it is kept.
    const std::string aside = absl::StrCat(path, ".damaged");
    stage_.Log(WEIR_LOG_ERROR, absl::StrCat(status.message(), "; it is now ", aside));
    if (calls_->Rename(path.c_str(), aside.c_str()) != 0) {
      return sdk::FileErrnoStatus(absl::StrCat("rename ", path, " to ", aside), errno);
    }
    return file_.Close();
  }
  stage_.Log(WEIR_LOG_INFO, absl::StrCat("finishes ", path, ", which a former run has left"));
  return CloseFile();
}

// ---- Writing ------------------------------------------------------------------

sdk::Status FileSink::Process(const BatchView& batch) {
  for (uint32_t next = 0; next < batch.size();) {
    if (file_.is_open() && IsComplete()) {
      if (sdk::Status status = FinishFile(); !status.ok()) return status;
    }
    if (!file_.is_open()) {
      if (sdk::Status status = OpenAgain(); !status.ok()) return status;
    }
    next =
        std::visit([&](auto& encoder) { return encoded_.Append(batch, next, &encoder); }, encoder_);
    if (compressor_ != nullptr && !encoded_.full()) continue;
    if (sdk::Status status = WriteEncodedPatiently(); !status.ok()) return status;
  }
  stage_.SetHeld(encoded_.records());
  return sdk::OkStatus();
}

sdk::Status FileSink::WriteEncodedPatiently() {
  while (true) {
    if (sdk::Status status = WriteEncoded(); !status.ok()) return status;
    if (encoded_.records() == 0) return sdk::OkStatus();
    if (interrupted_) {
      ForgetEncoded();
      return {WEIR_CANCELLED, open_error_.message()};
    }
    std::this_thread::sleep_for(std::chrono::nanoseconds(kAttemptIntervalNs));
  }
}

// Forgets the records, also if the write fails.
sdk::Status FileSink::WriteEncoded() {
  if (encoded_.records() == 0) return sdk::OkStatus();
  if (file_.is_open()) {
    sdk::Result<OutputFile::Place> place = file_.Look();
    if (!place.ok()) {
      ForgetEncoded();
      return place.status();
    }
    if (*place == OutputFile::Place::kDeleted) ForgetDeletedFile();
  }
  if (!file_.is_open()) {
    if (sdk::Status status = OpenAgain(); !status.ok() || !file_.is_open()) return status;
  }
  std::string_view text = encoded_.text();
  const std::string_view heading = file_.size() == 0 ? Heading() : std::string_view();
  std::string headed;
  if (!heading.empty()) text = headed = absl::StrCat(heading, text);
  sdk::Status status;
  if (compressor_ == nullptr) {
    status = Append(text, heading.size(), false);
  } else {
    sdk::Result<std::string_view> block = compressor_->Compress(text);
    status = block.ok() ? Append(*block, 0, true) : block.status();
  }
  ForgetEncoded();
  return status;
}

void FileSink::ForgetEncoded() {
  encoded_.Clear();
  stage_.SetHeld(0);
}

std::string_view FileSink::Heading() const {
  return settings_.format == File::CSV ? CsvEncoder::kHeader : std::string_view();
}

sdk::Status FileSink::Append(std::string_view bytes, size_t heading_size, bool in_blocks) {
  const auto whole_records = [&](size_t written) -> uint32_t {
    if (written == bytes.size()) return encoded_.records();
    if (in_blocks || written < heading_size) return 0;
    return encoded_.WholeRecords(written - heading_size);
  };
  const auto whole = [&](size_t written) -> size_t {
    if (written == bytes.size()) return written;
    const uint32_t records = whole_records(written);
    return records == 0 ? 0 : heading_size + encoded_.BytesOf(records);
  };
  size_t stayed = 0;
  sdk::Status status = file_.Append(bytes, whole, &stayed);
  if (settings_.fsync == File::BATCH && stayed > 0) {
    if (const sdk::Status synced = file_.Sync(); !synced.ok()) {
      if (status.ok()) status = synced;
      const sdk::Status cut = file_.Truncate(file_.size() - stayed);
      if (!cut.ok()) status = {status.code(), absl::StrCat(status.message(), "; ", cut.message())};
      stayed = 0;
    }
  }
  stage_.CountDelivered(whole_records(stayed));
  return status;
}

// Returns true if the open file is complete by the rotation rules.
bool FileSink::IsComplete() const {
  if (!settings_.rotates()) return false;
  if (settings_.rotate_bytes && file_.size() >= *settings_.rotate_bytes) return true;
  const int64_t now_ns = stage_.WallNs();
  if (settings_.rotate_interval_ns) return IntervalOf(settings_, now_ns) != interval_;
  return !settings_.rotate_bytes && settings_.path.At(now_ns) != name_;
}

uint64_t FileSink::TickIntervalNs() const {
  const uint64_t flush_ns = settings_.flush_interval_ns;
  return flush_ns / ((flush_ns + kLookIntervalNs - 1) / kLookIntervalNs);
}

sdk::Status FileSink::Tick(uint64_t monotonic_now_ns) {
  if (sdk::Status status = FollowPath(); !status.ok()) return status;
  if (file_.is_open() && IsComplete()) {
    if (sdk::Status status = FinishFile(); !status.ok()) return status;
  }
  // Uses the tick that is nearest to the end of the interval, because a tick may be late.
  if (monotonic_now_ns + TickIntervalNs() / 2 >= next_flush_ns_) {
    next_flush_ns_ = monotonic_now_ns + settings_.flush_interval_ns;
    if (sdk::Status status = WriteEncoded(); !status.ok()) return status;
  }
  if (settings_.max_age_ns && monotonic_now_ns >= next_removal_ns_) {
    next_removal_ns_ = monotonic_now_ns + kRemovalIntervalNs;
    RemoveOld();
  }
  return sdk::OkStatus();
}

sdk::Status FileSink::Flush() {
  next_attempt_ns_ = 0;  // the last attempt
  if (sdk::Status status = WriteEncoded(); !status.ok()) return status;
  return encoded_.records() == 0 ? sdk::OkStatus() : open_error_;
}

// ---- Finishing ----------------------------------------------------------------

sdk::Status FileSink::Reopen() {
  if (file_.is_open()) {
    if (sdk::Status status = FinishFile(); !status.ok()) return status;
  }
  return settings_.rotates() ? sdk::OkStatus() : OpenAgain();
}

sdk::Status FileSink::Stop() { return file_.is_open() ? FinishFile() : sdk::OkStatus(); }

sdk::Status FileSink::FinishFile() {
  const sdk::Status written = WriteEncoded();
  if (!file_.is_open()) return written;  // it was deleted
  // The file may end with an incomplete record. It keeps its hidden name, and the next start
  // repairs it.
  sdk::Status closed = file_.is_whole() ? CloseFile() : file_.Close();
  RemoveOld();
  return written.ok() ? closed : written;
}

sdk::Status FileSink::CloseFile() {
  sdk::Result<OutputFile::Place> place = file_.Look();
  if (!place.ok()) {
    static_cast<void>(file_.Close());
    return place.status();
  }
  if (*place == OutputFile::Place::kDeleted) {
    ForgetDeletedFile();
    return sdk::OkStatus();
  }
  const bool empty = file_.size() == 0;
  if (settings_.fsync != File::NEVER && !empty) {
    if (sdk::Status status = file_.Sync(); !status.ok()) {
      // A second fsync would wrongly succeed. The next start finishes the file.
      static_cast<void>(file_.Close());
      return status;
    }
  }
  // A file that was moved keeps its name.
  if (!settings_.rotates() || *place == OutputFile::Place::kElsewhere) return file_.Close();
  // The file is still open and locked, so that no other process takes it for a leftover.
  sdk::Status named;
  if (!empty) {
    named = GiveName(file_.path());
  } else if (unlink(file_.path().c_str()) != 0 && errno != ENOENT) {
    named = sdk::FileErrnoStatus(absl::StrCat("remove ", file_.path()), errno);
  }
  sdk::Status closed = file_.Close();
  return named.ok() ? closed : named;
}

sdk::Status FileSink::GiveName(const std::string& unfinished) {
  const std::string name = PathPattern::Finished(unfinished);
  if (name != numbered_) number_ = 0;
  numbered_ = name;
  for (; number_ <= kMostNumber; ++number_) {
    const std::string numbered = PathPattern::Numbered(name, number_);
    if (calls_->Rename(unfinished.c_str(), numbered.c_str()) == 0) {
      ++number_;
      return SyncFolder(numbered);
    }
    if (errno == ENOENT) return sdk::OkStatus();  // it was deleted or moved just now
    if (errno != EEXIST) {
      return sdk::FileErrnoStatus(absl::StrCat("rename ", unfinished, " to ", numbered), errno);
    }
  }
  return {WEIR_ALREADY_EXISTS, absl::StrCat("rename ", unfinished, ": there is no name left")};
}

// Writes the new name to the disk too.
sdk::Status FileSink::SyncFolder(const std::string& path) {
  if (settings_.fsync == File::NEVER) return sdk::OkStatus();
  const std::string folder = FolderOf(path);
  const sdk::UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0 && calls_->Sync(fd.get()) == 0) return sdk::OkStatus();
  return sdk::FileErrnoStatus(absl::StrCat("fsync ", folder), errno);
}

// A file that cannot be removed does not end the run.
void FileSink::RemoveOld() {
  if (!settings_.rotates()) return;
  std::vector<std::string> removed;
  const sdk::Status status = RemoveOldFiles(settings_, stage_.WallNs(), &removed);
  for (const std::string& path : removed) {
    stage_.Log(WEIR_LOG_INFO, absl::StrCat("removed ", path));
  }
  if (!status.ok()) stage_.Log(WEIR_LOG_ERROR, status.message());
}

}  // namespace weir::sinks
