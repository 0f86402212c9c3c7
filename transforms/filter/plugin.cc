// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "transforms/filter/filter.descriptors.h"
#include "transforms/filter/filter.h"
#include "transforms/filter/filter.pb.h"

WEIR_PLUGIN("weir_transform_filter", "0.1.0",
            (weir::sdk::Define<weir::transforms::FilterTransform, weir::transforms::Filter>(
                "filter", "Lets records pass that an expression is true of.",
                "weir.transforms.Filter", weir::kTransformsFilterFilterDescriptors,
                weir::kTransformsFilterFilterDescriptorsSize)));
