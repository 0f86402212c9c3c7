// SPDX-License-Identifier: Apache-2.0
// Why the kernel refused, in one sentence that says what to do about it.
#ifndef WEIR_SOURCES_EBPF_KERNEL_LOAD_ERROR_H_
#define WEIR_SOURCES_EBPF_KERNEL_LOAD_ERROR_H_

#include <string_view>

#include "plugins/sdk/status.h"

namespace weir::ebpf {

// Whether `error` is one of the words in which kernels say that they have no such
// thing: EINVAL, EOPNOTSUPP, and their own ENOTSUPP (524), which is in no header.
bool MayMeanNotSupported(int error);

// `context` says what was being done and `error` is what errno said. `because_of_verifier`: the
// failed step included the verifier, which answers EACCES also to a program that only a process
// with CAP_PERFMON may load. PERMISSION_DENIED if a privilege is missing, UNIMPLEMENTED if the
// kernel has no such thing. Asks the kernel what it can do: not for the data path.
sdk::Status KernelRefusal(std::string_view context, int error, bool because_of_verifier = false);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_LOAD_ERROR_H_
