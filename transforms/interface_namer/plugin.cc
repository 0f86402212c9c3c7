// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "transforms/interface_namer/interface_namer.descriptors.h"
#include "transforms/interface_namer/interface_namer.h"
#include "transforms/interface_namer/interface_namer.pb.h"

WEIR_PLUGIN(
    "weir_transform_interface_namer", "0.1.0",
    (weir::sdk::Define<weir::transforms::InterfaceNamerTransform, weir::transforms::InterfaceNamer>(
        "interface_namer", "Gives each record the name of its network interface.",
        "weir.transforms.InterfaceNamer", weir::kTransformsInterfaceNamerInterfaceNamerDescriptors,
        weir::kTransformsInterfaceNamerInterfaceNamerDescriptorsSize)));
