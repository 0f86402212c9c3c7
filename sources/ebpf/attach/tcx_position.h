// SPDX-License-Identifier: Apache-2.0
// Finds the place that an anchor means in the chain of one TCX hook.
#ifndef WEIR_SOURCES_EBPF_ATTACH_TCX_POSITION_H_
#define WEIR_SOURCES_EBPF_ATTACH_TCX_POSITION_H_

#include <cstdint>
#include <string>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/attach_options.h"

namespace weir::ebpf {

// The place as the kernel wants it, for bpf_tcx_opts.
struct TcxPosition {
  uint32_t flags = 0;        // BPF_F_*
  uint32_t relative_id = 0;  // of a program, or with BPF_F_LINK of a link; 0: of none
  std::string warning;       // why it is not the place that was asked for; or empty
};

// The first or the last place: which of them stands in for that of `anchor` where its
// program is not attached, with a warning that says so.
TcxPosition TcxPositionWithoutAnchor(const TcxAnchor& anchor, const sdk::Link& link,
                                     uint8_t direction);

// Of several programs of one name, before the first and after the last. UNIMPLEMENTED:
// this kernel has no TCX. A name can be looked up only with CAP_SYS_ADMIN.
sdk::Result<TcxPosition> FindTcxPosition(const TcxAnchor& anchor, const sdk::Link& link,
                                         uint8_t direction);

// "interface 'eth0': attach tcx/ingress", for what goes wrong there.
std::string TcxContext(const sdk::Link& link, uint8_t direction);
// What to say where the kernel knows nothing of TCX.
sdk::Status NoTcx(const sdk::Link& link);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_TCX_POSITION_H_
