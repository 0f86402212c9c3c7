// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output/file_settings.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace weir::sinks {
namespace {

// The host has checked `text`; otherwise the result is the shortest duration.
int64_t Nanoseconds(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::Nanoseconds(1)) return 1;
  return absl::ToInt64Nanoseconds(duration);
}

// Returns a field that is set but has no meaning for a single file, or null.
const char* NeedsTime(const File& config) {
  if (config.has_rotate_bytes()) return "rotate_bytes";
  if (config.has_rotate_interval()) return "rotate_interval";
  if (config.has_max_files()) return "max_files";
  return config.has_max_age() ? "max_age" : nullptr;
}

}  // namespace

sdk::Result<FileSettings> FileSettings::Of(const File& config) {
  sdk::Result<PathPattern> path = PathPattern::Parse(config.path());
  if (!path.ok()) return path.status();
  if (const char* const field = NeedsTime(config); field != nullptr && !path->has_time()) {
    return sdk::Status(WEIR_INVALID_ARGUMENT,
                       absl::StrCat(field,
                                    ": `path` must have a time in it, such as %Y%m%d-%H%M%S, "
                                    "for one file to follow another"));
  }
  FileSettings settings{
      *std::move(path),       config.format(),
      config.compression(),   static_cast<uint64_t>(Nanoseconds(config.flush_interval())),
      std::nullopt,           std::nullopt,
      std::nullopt,           std::nullopt,
      config.fsync(),         static_cast<mode_t>(std::strtoul(config.mode().c_str(), nullptr, 8)),
      config.create_folders()};
  if (config.has_rotate_bytes()) settings.rotate_bytes = config.rotate_bytes();
  if (config.has_rotate_interval()) {
    settings.rotate_interval_ns = Nanoseconds(config.rotate_interval());
  }
  if (config.has_max_files()) settings.max_files = config.max_files();
  if (config.has_max_age()) settings.max_age_ns = Nanoseconds(config.max_age());
  return settings;
}

}  // namespace weir::sinks
