// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/log.h"

#include <atomic>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/record/terminal_text.h"
#include "glog/logging.h"

namespace weir::telemetry {
namespace {

constexpr size_t kMaxMessage = 8192;

// glog has no severity below INFO, so debug lines are INFO lines behind this switch.
std::atomic<bool> debug_enabled{false};

}  // namespace

absl::Status SetLogLevel(std::string_view level) {
  debug_enabled = level == "debug";
  if (level == "debug" || level == "info") {
    FLAGS_minloglevel = google::GLOG_INFO;
  } else if (level == "warning") {
    FLAGS_minloglevel = google::GLOG_WARNING;
  } else if (level == "error") {
    FLAGS_minloglevel = google::GLOG_ERROR;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("log level '", absl::CEscape(level), "': use debug, info, warning or error"));
  }
  return absl::OkStatus();
}

void InitializeLog(const char* program_name) {
  FLAGS_logtostderr = true;
  google::InitGoogleLogging(program_name);
}

void WriteLog(LogSeverity severity, const char* file, int line, std::string_view message) {
  if (severity == LogSeverity::kDebug && !debug_enabled) return;
  const int level = severity == LogSeverity::kError     ? google::GLOG_ERROR
                    : severity == LogSeverity::kWarning ? google::GLOG_WARNING
                                                        : google::GLOG_INFO;
  if (level < FLAGS_minloglevel) return;
  google::LogMessage(file, line, level).stream() << TerminalText(message.substr(0, kMaxMessage));
}

}  // namespace weir::telemetry
