// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "port_filter/port_filter.descriptors.h"
#include "port_filter/port_filter.h"
#include "port_filter/port_filter.pb.h"

WEIR_PLUGIN("port_filter", "1.0.0",
            (weir::sdk::Define<example::PortFilterTransform, example::PortFilter>(
                "port_filter", "Lets through what was sent from or to certain ports.",
                "example.PortFilter", weir::kPortFilterPortFilterDescriptors,
                weir::kPortFilterPortFilterDescriptorsSize)));
