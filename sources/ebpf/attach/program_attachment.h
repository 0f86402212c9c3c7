// SPDX-License-Identifier: Apache-2.0
// Attaches a program to an interface: by a TCX link, or as a filter of clsact.
#ifndef WEIR_SOURCES_EBPF_ATTACH_PROGRAM_ATTACHMENT_H_
#define WEIR_SOURCES_EBPF_ATTACH_PROGRAM_ATTACHMENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "sources/ebpf/attach/attach_options.h"
#include "sources/ebpf/attach/attachment.h"
#include "sources/ebpf/attach/clsact_qdisc.h"

struct bpf_program;

namespace weir::ebpf {

// If nothing else is asked for, in front of the programs that are there already: one
// that comes before and ends the chain hides packets. `program` need not outlive the
// attachment; `qdiscs` is used during the call only. Clsact filters of a run of weir that did not
// end in order are removed, which is a warning. Errors begin with the interface and the hook.
sdk::Result<std::unique_ptr<Attachment>> AttachProgram(const bpf_program* program,
                                                       const sdk::Link& link, uint8_t direction,
                                                       const AttachOptions& options,
                                                       ClsactQdiscs* qdiscs);

// The same by a link that is pinned at `pin_path`, or is pinned there already: then it is
// where it was among other programs. UNIMPLEMENTED where the kernel has no TCX.
sdk::Result<std::unique_ptr<Attachment>> AttachPinned(const bpf_program* program,
                                                      const sdk::Link& link, uint8_t direction,
                                                      const AttachOptions& options,
                                                      ClsactQdiscs* qdiscs,
                                                      const std::string& pin_path);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_PROGRAM_ATTACHMENT_H_
