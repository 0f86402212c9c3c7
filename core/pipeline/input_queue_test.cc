// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/input_queue.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <future>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/testing/test_stages.h"

namespace weir::pipeline {
namespace {

// Pops one batch and returns its size; 0 if there is none.
uint32_t PopSize(InputQueue* queue) {
  const InputQueue::Popped popped = queue->Pop(kLong);
  return popped.outcome == InputQueue::Outcome::kBatch ? popped.batch->size : 0;
}

TEST(InputQueueTest, ASingleBatchWakesTheConsumer) {
  InputQueue queue(1, 64);
  auto popped = std::async(std::launch::async, [&queue] { return PopSize(&queue); });
  EXPECT_TRUE(queue.Push(0, BatchOf(7)));
  EXPECT_EQ(popped.get(), 7u);
}

TEST(InputQueueTest, AProducerBlocksOnAFullQueueUntilHalfIsFree) {
  InputQueue queue(1, 4);
  for (uint32_t rows = 1; rows <= 4; ++rows) EXPECT_TRUE(queue.Push(0, BatchOf(rows)));
  auto pushed = std::async(std::launch::async, [&queue] { return queue.Push(0, BatchOf(5)); });
  EXPECT_EQ(PopSize(&queue), 1u);
  EXPECT_EQ(PopSize(&queue), 2u);
  EXPECT_TRUE(pushed.get());
  for (uint32_t rows = 3; rows <= 5; ++rows) EXPECT_EQ(PopSize(&queue), rows);
}

TEST(InputQueueTest, RoomForOneBatchIsEnough) {
  InputQueue queue(1, 1);
  std::thread producer([&queue] {
    for (uint32_t rows = 1; rows <= 1'000; ++rows) EXPECT_TRUE(queue.Push(0, BatchOf(rows)));
  });
  for (uint32_t rows = 1; rows <= 1'000; ++rows) EXPECT_EQ(PopSize(&queue), rows);
  producer.join();
}

TEST(InputQueueTest, TimeoutsShorterAndLongerThanANapAreKept) {
  InputQueue queue(1, 64);
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), absl::Microseconds(10), absl::Milliseconds(5)}) {
    const absl::Time begin = absl::Now();
    EXPECT_EQ(queue.Pop(timeout).outcome, InputQueue::Outcome::kTimeout);
    EXPECT_GE(absl::Now() - begin, timeout);
  }
}

TEST(InputQueueTest, AWakeCausesOneTimeoutAndLosesNoBatch) {
  InputQueue queue(1, 64);
  auto popped = std::async(std::launch::async, [&queue] { return queue.Pop(kLong).outcome; });
  queue.Wake();
  EXPECT_EQ(popped.get(), InputQueue::Outcome::kTimeout);
  queue.Wake();
  EXPECT_TRUE(queue.Push(0, BatchOf(7)));
  EXPECT_EQ(PopSize(&queue), 7u);
  EXPECT_TRUE(queue.Push(0, BatchOf(8)));
  EXPECT_EQ(PopSize(&queue), 8u);
  queue.Wake();
  queue.Close();
  EXPECT_EQ(queue.Pop(kLong).outcome, InputQueue::Outcome::kClosed);
}

TEST(InputQueueTest, AbortAndCloseWakeWaitingThreads) {
  InputQueue full(1, 2);
  EXPECT_TRUE(full.Push(0, BatchOf(1)));
  EXPECT_TRUE(full.Push(0, BatchOf(2)));
  auto pushed = std::async(std::launch::async, [&full] { return full.Push(0, BatchOf(3)); });
  InputQueue empty(1, 2);
  auto popped = std::async(std::launch::async, [&empty] { return empty.Pop(kLong).outcome; });
  EXPECT_EQ(full.Abort().size(), 2u);
  empty.Close();
  EXPECT_FALSE(pushed.get());
  EXPECT_EQ(popped.get(), InputQueue::Outcome::kClosed);
}

}  // namespace
}  // namespace weir::pipeline
