// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output/retention.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"

namespace weir::sinks {

sdk::Status RemoveOldFiles(const FileSettings& settings, int64_t wall_ns,
                           std::vector<std::string>* removed) {
  if (!settings.max_files && !settings.max_age_ns) return sdk::OkStatus();
  constexpr int64_t kSecond = 1'000'000'000;
  std::vector<std::pair<int64_t, std::string>> files;  // modification time and path
  for (std::string& path : settings.path.Find().finished) {
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) continue;  // another process removed it
    files.emplace_back(int64_t{info.st_mtim.tv_sec} * kSecond + info.st_mtim.tv_nsec,
                       std::move(path));
  }
  std::sort(files.begin(), files.end(), std::greater<>());
  sdk::Status first_error;
  for (size_t i = 0; i < files.size(); ++i) {
    const auto& [changed_ns, path] = files[i];
    const bool too_many = settings.max_files && i >= *settings.max_files;
    const bool too_old = settings.max_age_ns && wall_ns - changed_ns > *settings.max_age_ns;
    if (!too_many && !too_old) continue;
    if (unlink(path.c_str()) == 0) {
      removed->push_back(path);
    } else if (errno != ENOENT && first_error.ok()) {
      first_error = sdk::FileErrnoStatus(absl::StrCat("remove ", path), errno);
    }
  }
  return first_error;
}

}  // namespace weir::sinks
