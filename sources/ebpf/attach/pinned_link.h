// SPDX-License-Identifier: Apache-2.0
// Takes over a TCX link that a former process has pinned.
#ifndef WEIR_SOURCES_EBPF_ATTACH_PINNED_LINK_H_
#define WEIR_SOURCES_EBPF_ATTACH_PINNED_LINK_H_

#include <cstdint>
#include <string>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"

struct bpf_link;
struct bpf_program;

namespace weir::ebpf {

// The link that is pinned at `path`, with `program` in place of the one that it had: every
// packet is seen by either. The caller owns it. Null if none is pinned there for a program
// of this direction at that interface; what is pinned there otherwise, of an interface that
// has gone, is removed.
sdk::Result<bpf_link*> TakeOverPinnedLink(const std::string& path, const bpf_program* program,
                                          const sdk::Link& link, uint8_t direction);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_PINNED_LINK_H_
