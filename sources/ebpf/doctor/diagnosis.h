// SPDX-License-Identifier: Apache-2.0
// What `weir doctor` prints of the two eBPF sources: what works, and what each missing
// thing costs or how to get it. Words only; what is so was found out before.
#ifndef WEIR_SOURCES_EBPF_DOCTOR_DIAGNOSIS_H_
#define WEIR_SOURCES_EBPF_DOCTOR_DIAGNOSIS_H_

#include <vector>

#include "plugins/sdk/findings.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/attach_options.h"
#include "sources/ebpf/kernel/kernel_features.h"
#include "sources/ebpf/kernel/kernel_options.h"

namespace weir::ebpf {

// The tier that a start would choose where `wanted` is configured.
TableTier TierOf(const KernelFeatures& features, TableTier wanted);

// Of the machine and this process: the same for every datapath but for `attach` and the
// configured tier.
std::vector<sdk::Finding> DiagnoseMachine(const KernelFeatures& features, AttachMode attach,
                                          TableTier wanted);

// Of one datapath. `loaded` says what came of loading its programs; it is read only if
// the kernel lets this process load any.
std::vector<sdk::Finding> DiagnoseDatapath(const KernelFeatures& features,
                                           const KernelOptions& options, const sdk::Status& loaded);

// Of a datapath with a pin_path, for which `checked` says what is in the way there.
std::vector<sdk::Finding> DiagnosePins(const KernelFeatures& features, const KernelOptions& options,
                                       const sdk::Status& checked);

// Of what it takes to measure the interfaces of all network namespaces.
sdk::Finding DiagnoseNamespaces(const KernelFeatures& features);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_DOCTOR_DIAGNOSIS_H_
