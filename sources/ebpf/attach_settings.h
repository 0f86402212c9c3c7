// SPDX-License-Identifier: Apache-2.0
// The part of the configuration that says how programs are attached.
#ifndef WEIR_SOURCES_EBPF_ATTACH_SETTINGS_H_
#define WEIR_SOURCES_EBPF_ATTACH_SETTINGS_H_

#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/attach_options.h"
#include "sources/ebpf/ebpf.pb.h"

namespace weir::ebpf {

// Returns INVALID_ARGUMENT, beginning with the name of the field, if fields contradict each other
// or would have no effect.
sdk::Result<AttachOptions> AttachOptionsOf(const sources::EbpfMap& config);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_SETTINGS_H_
