// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "batch_totals/batch_totals.descriptors.h"
#include "batch_totals/batch_totals.h"
#include "batch_totals/batch_totals.pb.h"

WEIR_PLUGIN("batch_totals", "1.0.0",
            (weir::sdk::Define<example::BatchTotalsSink, example::BatchTotals>(
                "batch_totals", "Writes one line of sums per batch.", "example.BatchTotals",
                weir::kBatchTotalsBatchTotalsDescriptors,
                weir::kBatchTotalsBatchTotalsDescriptorsSize)));
