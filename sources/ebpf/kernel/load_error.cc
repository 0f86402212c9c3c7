// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/kernel/load_error.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

namespace {

// Kernel headers before 5.8, which the build may use, lack it.
constexpr int kCapPerfmon = 38;

bool HasCapability(int capability) {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return true;  // unknown: assume that it is there
  return (data[capability / 32].effective >> (capability % 32) & 1) != 0;
}

// Returns the first required feature that this kernel lacks. Null: none is known to be missing.
const char* MissingFeature() {
  if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SCHED_CLS, nullptr) == 0) {
    return "BPF programs for traffic control (CONFIG_NET_CLS_BPF or CONFIG_NET_XGRESS)";
  }
  if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_ARRAY_OF_MAPS, nullptr) == 0) {
    return "BPF maps of maps (4.12 and later)";
  }
  if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nullptr) == 0) {
    return "BPF ring buffers (5.8 and later)";
  }
  return nullptr;
}

// True on kernels before 5.11, which count maps as locked memory: they may refuse a map although
// the capabilities are there.
bool MapsAreLockedMemory() {
  utsname name{};
  if (uname(&name) != 0) return false;
  char* rest = nullptr;
  const long major = std::strtol(name.release, &rest, 10);
  const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
  rlimit limit{};
  return (major < 5 || (major == 5 && minor < 11)) && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
         limit.rlim_cur != RLIM_INFINITY;
}

}  // namespace

bool MayMeanNotSupported(int error) {
  constexpr int kKernelEnotsupp = 524;
  return error == EINVAL || error == EOPNOTSUPP || error == kKernelEnotsupp;
}

sdk::Status KernelRefusal(std::string_view context, int error, bool because_of_verifier) {
  // Kernels before 6.4 return ENOSPC if the verifier's log does not fit its buffer, whatever the
  // verifier found. weir keeps only the end of the log.
  const bool verifier_refused = because_of_verifier && (error == EACCES || error == ENOSPC);
  if (error == EPERM || (verifier_refused && !HasCapability(kCapPerfmon))) {
    return {WEIR_PERMISSION_DENIED,
            absl::StrCat(context,
                         ": not permitted: this needs root or CAP_BPF, CAP_NET_ADMIN and "
                         "CAP_PERFMON",
                         MapsAreLockedMemory() ? ", and on this kernel (before 5.11) no limit of "
                                                 "locked memory (RLIMIT_MEMLOCK, `ulimit -l`)"
                                               : "")};
  }
  if (error == ENOSYS) {
    return {WEIR_UNIMPLEMENTED,
            absl::StrCat(context, ": this kernel has no BPF (CONFIG_BPF_SYSCALL)")};
  }
  if (MayMeanNotSupported(error)) {
    if (const char* const missing = MissingFeature()) {
      return {WEIR_UNIMPLEMENTED, absl::StrCat(context, ": this kernel has no ", missing)};
    }
  }
  // E2BIG: the program is too complex for the verifier.
  if (verifier_refused || (because_of_verifier && (error == EINVAL || error == E2BIG))) {
    return {WEIR_INTERNAL,
            sdk::ErrnoStatus(absl::StrCat(context, ": refused by the kernel's verifier"), error)
                .message()};
  }
  sdk::Status status = sdk::ErrnoStatus(context, error);
  // EACCES: a security module refuses bpf(2).
  if (error == EACCES) return {WEIR_PERMISSION_DENIED, status.message()};
  return status;
}

}  // namespace weir::ebpf
