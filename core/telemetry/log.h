// SPDX-License-Identifier: Apache-2.0
// Writes the log lines of plugins to the log of the host (glog, on stderr).
#ifndef WEIR_CORE_TELEMETRY_LOG_H_
#define WEIR_CORE_TELEMETRY_LOG_H_

#include <string_view>

#include "absl/status/status.h"

namespace weir::telemetry {

enum class LogSeverity { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

// Sets the lowest severity that is logged: "debug", "info", "warning" or "error".
absl::Status SetLogLevel(std::string_view level);

// Sends the log to stderr and stops glog from creating files. Called once, at the start.
void InitializeLog(const char* program_name);

// Logs `message` with the source position file:line. Escapes a message that is not
// printable, and cuts it at 8 KiB. Thread-safe.
void WriteLog(LogSeverity severity, const char* file, int line, std::string_view message);

}  // namespace weir::telemetry

#endif  // WEIR_CORE_TELEMETRY_LOG_H_
