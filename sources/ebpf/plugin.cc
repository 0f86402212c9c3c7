// SPDX-License-Identifier: Apache-2.0
// The plugin of the two eBPF sources.
#include "plugins/sdk/plugin.h"

#include "sources/ebpf/ebpf.descriptors.h"
#include "sources/ebpf/ebpf.pb.h"
#include "sources/ebpf/map_source.h"
#include "sources/ebpf/ring_source.h"

WEIR_PLUGIN("weir_source_ebpf", "0.1.0",
            (weir::sdk::Define<weir::ebpf::MapSource, weir::sources::EbpfMap>(
                "ebpf_map", "Counts every packet of network interfaces in the kernel, by flow.",
                "weir.sources.EbpfMap", weir::kSourcesEbpfEbpfDescriptors,
                weir::kSourcesEbpfEbpfDescriptorsSize)),
            (weir::sdk::Define<weir::ebpf::RingSource, weir::sources::EbpfRingbuf>(
                "ebpf_ringbuf",
                "Reads the packets that found no room in the flow table of an ebpf_map.",
                "weir.sources.EbpfRingbuf", weir::kSourcesEbpfEbpfDescriptors,
                weir::kSourcesEbpfEbpfDescriptorsSize)));
