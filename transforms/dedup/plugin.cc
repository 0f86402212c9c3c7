// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "transforms/dedup/dedup.descriptors.h"
#include "transforms/dedup/dedup.h"
#include "transforms/dedup/dedup.pb.h"

WEIR_PLUGIN("weir_transform_dedup", "0.1.0",
            (weir::sdk::Define<weir::transforms::DedupTransform, weir::transforms::Dedup>(
                "dedup", "Counts a flow once that is seen on several interfaces.",
                "weir.transforms.Dedup", weir::kTransformsDedupDedupDescriptors,
                weir::kTransformsDedupDedupDescriptorsSize)));
