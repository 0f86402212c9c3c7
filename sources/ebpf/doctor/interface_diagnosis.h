// SPDX-License-Identifier: Apache-2.0
// Words the finding of `weir doctor` about the interfaces that a start would measure.
#ifndef WEIR_SOURCES_EBPF_DOCTOR_INTERFACE_DIAGNOSIS_H_
#define WEIR_SOURCES_EBPF_DOCTOR_INTERFACE_DIAGNOSIS_H_

#include <vector>

#include "plugins/sdk/findings.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/interfaces/interface_selector.h"
#include "sources/ebpf/interfaces/link_feed.h"

namespace weir::ebpf {

// Describes the interfaces of weir's own network namespace. `present` is the result of listing
// them. `all_namespaces`: those of other namespaces are measured too, so none need be here.
// MISSING means that a start fails. DEGRADED means that it waits for an interface, or that it
// leaves one out.
std::vector<sdk::Finding> DiagnoseInterfaces(const InterfaceSelector& selector,
                                             sdk::Result<PresentInterfaces> present,
                                             bool all_namespaces);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_DOCTOR_INTERFACE_DIAGNOSIS_H_
