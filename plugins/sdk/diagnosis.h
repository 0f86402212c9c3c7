// SPDX-License-Identifier: Apache-2.0
// What many components look at in Diagnose: whether Start would succeed, and memory.
#ifndef WEIR_PLUGINS_SDK_DIAGNOSIS_H_
#define WEIR_PLUGINS_SDK_DIAGNOSIS_H_

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

#include "core/record/human.h"
#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/findings.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

// A thing that Start needs: OK with `text`, or MISSING with the error that Start would return.
inline Finding FindingOf(const Status& status, std::string subject, std::string text) {
  if (status.ok()) return {WEIR_FINDING_OK, std::move(subject), std::move(text)};
  return {WEIR_FINDING_MISSING, std::move(subject), status.message()};
}

// MemAvailable of /proc/meminfo (kernel: Documentation/filesystems/proc.rst), in bytes; 0 if it
// is not known.
inline uint64_t AvailableMemoryBytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    if (word != "MemAvailable:") continue;
    uint64_t kibibytes = 0;
    file >> kibibytes;
    return kibibytes * 1024;
  }
  return 0;
}

// The memory that a table takes when it is full: `entries`, the value of the field `option`, of
// `entry_bytes` each. DEGRADED if that is more than half of `available` (0: not known).
inline Finding TableMemory(const std::string& option, uint64_t entries, uint64_t entry_bytes,
                           uint64_t available = AvailableMemoryBytes()) {
  const uint64_t needed = entries * entry_bytes;
  std::string text =
      "up to " + HumanBytes(needed) + " for " + option + " " + std::to_string(entries);
  if (available == 0 || needed <= available / 2) return {WEIR_FINDING_OK, "memory", text};
  text += ", and the machine has " + HumanBytes(available) + " available: set a lower " + option;
  return {WEIR_FINDING_DEGRADED, "memory", text};
}

// True if `path` leads to a named pipe.
inline bool IsNamedPipe(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

// The field `path` is a named pipe that Start opens for `mode`, R_OK or W_OK. Does not open it: the
// program at the other end would notice, and might end.
inline Finding NamedPipe(const std::string& path, int mode) {
  const bool allowed = access(path.c_str(), mode) == 0;
  return FindingOf(allowed ? OkStatus() : FileErrnoStatus("open " + path, errno), "path",
                   path + ": a named pipe");
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_DIAGNOSIS_H_
