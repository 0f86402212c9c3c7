// SPDX-License-Identifier: Apache-2.0
// Attaches a program to an interface: with a TCX link, or as a clsact filter.
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

// Attaches `program`, by default before the programs that are already there: an earlier program
// that ends the chain would hide packets. `program` need not outlive the attachment. `qdiscs` is
// used only during the call. Clsact filters of a weir that was killed are removed, with a warning.
// Errors begin with the interface and the hook.
sdk::Result<std::unique_ptr<Attachment>> AttachProgram(const bpf_program* program,
                                                       const sdk::Link& link, uint8_t direction,
                                                       const AttachOptions& options,
                                                       ClsactQdiscs* qdiscs);

// The same, with a link that is pinned at `pin_path`. A link that is already pinned there keeps its
// position among other programs. Returns UNIMPLEMENTED if the kernel has no TCX.
sdk::Result<std::unique_ptr<Attachment>> AttachPinned(const bpf_program* program,
                                                      const sdk::Link& link, uint8_t direction,
                                                      const AttachOptions& options,
                                                      ClsactQdiscs* qdiscs,
                                                      const std::string& pin_path);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_PROGRAM_ATTACHMENT_H_
