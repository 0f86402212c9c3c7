// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/batch_slab.h"

#include <gtest/gtest.h>

#include <utility>

#include "core/pipeline/testing/test_stages.h"

namespace weir::pipeline {
namespace {

TEST(BatchSlabTest, CountsReferencesAndRefusesBadSizes) {
  EXPECT_EQ(AllocateBatch(0), nullptr);
  EXPECT_EQ(AllocateBatch(kMaxBatchRows + 1), nullptr);
  {
    const BatchRef one = BatchOf(3);
    BatchRef two = one;
    const BatchRef three = std::move(two);
    EXPECT_EQ(three.get(), one.get());
    EXPECT_EQ(LiveBatches(), 1);
  }
  EXPECT_EQ(LiveBatches(), 0);
}

}  // namespace
}  // namespace weir::pipeline
