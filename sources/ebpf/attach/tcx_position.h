// SPDX-License-Identifier: Apache-2.0
// Finds the position of an anchor in the chain of one TCX hook.
#ifndef WEIR_SOURCES_EBPF_ATTACH_TCX_POSITION_H_
#define WEIR_SOURCES_EBPF_ATTACH_TCX_POSITION_H_

#include <cstdint>
#include <string>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/attach_options.h"

namespace weir::ebpf {

// The position as the kernel expects it, for bpf_tcx_opts.
struct TcxPosition {
  uint32_t flags = 0;        // BPF_F_*
  uint32_t relative_id = 0;  // id of a program, or with BPF_F_LINK of a link; 0: none
  std::string warning;       // why it is not the configured position; or empty
};

// Returns the first or the last position, to use if the program of `anchor` is not attached, with a
// warning.
TcxPosition TcxPositionWithoutAnchor(const TcxAnchor& anchor, const sdk::Link& link,
                                     uint8_t direction);

// If several programs have the name, the position is before the first or after the last of them.
// Returns UNIMPLEMENTED if this kernel has no TCX. Looking up a name needs CAP_SYS_ADMIN.
sdk::Result<TcxPosition> FindTcxPosition(const TcxAnchor& anchor, const sdk::Link& link,
                                         uint8_t direction);

// Returns the context of errors there: "interface 'eth0': attach tcx/ingress".
std::string TcxContext(const sdk::Link& link, uint8_t direction);
// Returns the error for a kernel without TCX.
sdk::Status NoTcx(const sdk::Link& link);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_TCX_POSITION_H_
