// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "transforms/accounter/accounter.descriptors.h"
#include "transforms/accounter/accounter.h"
#include "transforms/accounter/accounter.pb.h"

WEIR_PLUGIN("weir_transform_accounter", "0.1.0",
            (weir::sdk::Define<weir::transforms::AccounterTransform, weir::transforms::Accounter>(
                "accounter", "Joins records of the same flow into one.",
                "weir.transforms.Accounter", weir::kTransformsAccounterAccounterDescriptors,
                weir::kTransformsAccounterAccounterDescriptorsSize)));
