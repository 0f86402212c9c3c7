// SPDX-License-Identifier: Apache-2.0
// Takes over a TCX link that an earlier process has pinned.
#ifndef WEIR_SOURCES_EBPF_ATTACH_PINNED_LINK_H_
#define WEIR_SOURCES_EBPF_ATTACH_PINNED_LINK_H_

#include <cstdint>
#include <string>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"

struct bpf_link;
struct bpf_program;

namespace weir::ebpf {

// Returns the link that is pinned at `path`, and replaces its program with `program`: every packet
// is seen by one of the two. The caller owns the link. Returns null if no link for a program of
// this direction at that interface is pinned there. Any other link at `path` belongs to an
// interface that is gone; it is removed.
sdk::Result<bpf_link*> TakeOverPinnedLink(const std::string& path, const bpf_program* program,
                                          const sdk::Link& link, uint8_t direction);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_PINNED_LINK_H_
