// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "transforms/sample/sample.descriptors.h"
#include "transforms/sample/sample.h"
#include "transforms/sample/sample.pb.h"

WEIR_PLUGIN("weir_transform_sample", "0.1.0",
            (weir::sdk::Define<weir::transforms::SampleTransform, weir::transforms::Sample>(
                "sample", "Lets one of so many records, or flows, pass.", "weir.transforms.Sample",
                weir::kTransformsSampleSampleDescriptors,
                weir::kTransformsSampleSampleDescriptorsSize)));
