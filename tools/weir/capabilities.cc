// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/capabilities.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace weir {
namespace {

// By number, as in Linux 5.9: the headers of the build may be older than the kernel.
constexpr const char* kNames[] = {"CHOWN",
                                  "DAC_OVERRIDE",
                                  "DAC_READ_SEARCH",
                                  "FOWNER",
                                  "FSETID",
                                  "KILL",
                                  "SETGID",
                                  "SETUID",
                                  "SETPCAP",
                                  "LINUX_IMMUTABLE",
                                  "NET_BIND_SERVICE",
                                  "NET_BROADCAST",
                                  "NET_ADMIN",
                                  "NET_RAW",
                                  "IPC_LOCK",
                                  "IPC_OWNER",
                                  "SYS_MODULE",
                                  "SYS_RAWIO",
                                  "SYS_CHROOT",
                                  "SYS_PTRACE",
                                  "SYS_PACCT",
                                  "SYS_ADMIN",
                                  "SYS_BOOT",
                                  "SYS_NICE",
                                  "SYS_RESOURCE",
                                  "SYS_TIME",
                                  "SYS_TTY_CONFIG",
                                  "MKNOD",
                                  "LEASE",
                                  "AUDIT_WRITE",
                                  "AUDIT_CONTROL",
                                  "SETFCAP",
                                  "MAC_OVERRIDE",
                                  "MAC_ADMIN",
                                  "SYSLOG",
                                  "WAKE_ALARM",
                                  "BLOCK_SUSPEND",
                                  "AUDIT_READ",
                                  "PERFMON",
                                  "BPF",
                                  "CHECKPOINT_RESTORE"};
constexpr size_t kNameCount = sizeof(kNames) / sizeof(kNames[0]);

// Returns the permitted capabilities of a thread, as /proc shows them; 0 if the thread has ended.
uint64_t PermittedOf(const std::filesystem::path& thread) {
  std::ifstream status(thread / "status");
  std::string word;
  uint64_t permitted = 0;
  while (status >> word) {
    if (word == "CapPrm:" && status >> word) (void)absl::SimpleHexAtoi(word, &permitted);
  }
  return permitted;
}

absl::Status CheckOtherThreads(const CapabilitySet& capabilities) {
  const std::string own = std::to_string(gettid());
  std::error_code error;
  for (std::filesystem::directory_iterator thread("/proc/self/task", error), end;
       !error && thread != end; thread.increment(error)) {
    const uint64_t has = PermittedOf(thread->path()) & capabilities.bits();
    if (has == 0 || thread->path().filename() == own) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("another thread has ", CapabilitySet(has).ToString(), " too"));
  }
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("/proc/self/task: ", error.message()));
}

}  // namespace

std::string CapabilitySet::ToString() const {
  std::vector<std::string> names;
  for (size_t number = 0; number < 64; ++number) {
    if ((bits_ >> number & 1) == 0) continue;
    names.push_back(number < kNameCount ? absl::StrCat("CAP_", kNames[number])
                                        : absl::StrCat("capability ", number));
  }
  return absl::StrJoin(names, ", ");
}

absl::StatusOr<CapabilitySet> GiveUpCapabilities(const CapabilitySet& capabilities) {
  const auto context = [&capabilities] {
    return absl::StrCat("give up ", capabilities.ToString());
  };
  if (absl::Status status = CheckOtherThreads(capabilities); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(context(), ": ", status.message()));
  }
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return absl::ErrnoToStatus(errno, context());
  uint64_t had = 0;
  for (size_t word = 0; word < _LINUX_CAPABILITY_U32S_3; ++word) {
    const auto wanted = static_cast<uint32_t>(capabilities.bits() >> (32 * word));
    had |= uint64_t{data[word].permitted & wanted} << (32 * word);
    data[word].effective &= ~wanted;
    data[word].permitted &= ~wanted;
    // The kernel keeps the ambient set within these two.
    data[word].inheritable &= ~wanted;
  }
  if (syscall(SYS_capset, &header, data) != 0) return absl::ErrnoToStatus(errno, context());
  return CapabilitySet(had);
}

absl::Status GiveUpAllCapabilitiesOfThread() {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capset, &header, none) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "give up the capabilities of a thread");
}

}  // namespace weir
