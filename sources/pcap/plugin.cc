// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "sources/pcap/pcap.descriptors.h"
#include "sources/pcap/pcap.pb.h"
#include "sources/pcap/pcap_source.h"

WEIR_PLUGIN("weir_source_pcap", "0.1.0",
            (weir::sdk::Define<weir::sources::PcapSource, weir::sources::Pcap>(
                "pcap", "Reads captures, pcap and pcapng, from files or a pipe.",
                "weir.sources.Pcap", weir::kSourcesPcapPcapDescriptors,
                weir::kSourcesPcapPcapDescriptorsSize)));
