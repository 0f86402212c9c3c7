// SPDX-License-Identifier: Apache-2.0
// Words the findings of `weir doctor` about the two eBPF sources: what works, and what each missing
// feature costs or how to get it. Does not probe anything itself.
#ifndef WEIR_SOURCES_EBPF_DOCTOR_DIAGNOSIS_H_
#define WEIR_SOURCES_EBPF_DOCTOR_DIAGNOSIS_H_

#include <vector>

#include "plugins/sdk/findings.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/attach_options.h"
#include "sources/ebpf/kernel/kernel_features.h"
#include "sources/ebpf/kernel/kernel_options.h"

namespace weir::ebpf {

// Returns the tier that a start would choose if `wanted` is configured.
TableTier TierOf(const KernelFeatures& features, TableTier wanted);

// Describes the machine and this process. Apart from `attach` and the configured tier, it is the
// same for every datapath.
std::vector<sdk::Finding> DiagnoseMachine(const KernelFeatures& features, AttachMode attach,
                                          TableTier wanted);

// Describes one datapath. `loaded` is the result of loading its programs. It is used only if the
// kernel lets this process load programs.
std::vector<sdk::Finding> DiagnoseDatapath(const KernelFeatures& features,
                                           const KernelOptions& options, const sdk::Status& loaded);

// Describes a datapath with a pin_path. `checked` is the result of checking that folder.
std::vector<sdk::Finding> DiagnosePins(const KernelFeatures& features, const KernelOptions& options,
                                       const sdk::Status& checked);

// Describes whether this process can measure the interfaces of all network namespaces.
sdk::Finding DiagnoseNamespaces(const KernelFeatures& features);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_DOCTOR_DIAGNOSIS_H_
