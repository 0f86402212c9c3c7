// SPDX-License-Identifier: Apache-2.0
// The bridge from plugins' log lines to the host's log (glog, on stderr).
#ifndef WEIR_CORE_TELEMETRY_LOG_H_
#define WEIR_CORE_TELEMETRY_LOG_H_

#include <string_view>

#include "absl/status/status.h"

namespace weir::telemetry {

enum class LogSeverity { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

// "debug", "info", "warning" or "error".
absl::Status SetLogLevel(std::string_view level);

// Sends the log to stderr and stops glog from making files. Once, at start.
void InitializeLog(const char* program_name);

// Writes one line as if it came from file:line; `message` may hold anything: what
// is not printable is escaped, and it is cut at 8 KiB. Thread-safe.
void WriteLog(LogSeverity severity, const char* file, int line, std::string_view message);

}  // namespace weir::telemetry

#endif  // WEIR_CORE_TELEMETRY_LOG_H_
