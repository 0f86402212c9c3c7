// SPDX-License-Identifier: Apache-2.0
// Explains why the kernel refused a request, in one sentence that says what to do.
#ifndef WEIR_SOURCES_EBPF_KERNEL_LOAD_ERROR_H_
#define WEIR_SOURCES_EBPF_KERNEL_LOAD_ERROR_H_

#include <string_view>

#include "plugins/sdk/status.h"

namespace weir::ebpf {

// Returns true if `error` may mean that the kernel lacks a feature: EINVAL, EOPNOTSUPP, or the
// kernel's own ENOTSUPP (524), which no header defines.
bool MayMeanNotSupported(int error);

// Returns the status for a refused request. `context` names the request, and `error` is its errno.
// `because_of_verifier` is true if the step included the verifier: it also answers EACCES to a
// program that needs CAP_PERFMON. The status is PERMISSION_DENIED if a privilege is missing,
// UNIMPLEMENTED if the kernel lacks the feature. Probes the kernel: do not call it on the data
// path.
sdk::Status KernelRefusal(std::string_view context, int error, bool because_of_verifier = false);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_LOAD_ERROR_H_
