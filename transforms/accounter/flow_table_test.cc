// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/flow_table.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "transforms/accounter/flow_index.h"
#include "transforms/accounter/flow_key.h"
#include "transforms/accounter/label_table.h"
#include "transforms/accounter/reference_accounter.h"

namespace weir::transforms {
namespace {

Record OfFlow(uint32_t flow) {
  Record record{};
  record.if_index = flow;
  record.packets = 1;
  return record;
}

// The memory of a flow, at any number of flows, while the table grows. There is none before the
// first flow, and none for flows that may come.
TEST(FlowTableTest, AFlowTakesAtMost160Bytes) {
  FlowTableMemory memory;
  const FlowHash hash = FlowHash::Random();
  {
    FlowTable table(&memory);
    EXPECT_EQ(memory.bytes(), 0u);
    for (uint32_t flow = 0; flow < 1'000'000; ++flow) {
      const Record record = OfFlow(flow);
      ASSERT_NE(table.Add(record, hash(record)), FlowTable::kNone);
      // With fewer flows, whole chunks dominate.
      if (flow % 64 == 0 && flow >= 1000) {
        ASSERT_LE(memory.bytes() + table.bytes(), 160 * size_t{flow + 1}) << flow;
      }
    }
  }
  EXPECT_LE(memory.bytes(), 10'000u) << "what is kept without any flow";
}

// Consecutive tables need no more memory than the largest of them.
TEST(FlowTableTest, MemoryIsTakenAgainAndGivenBack) {
  FlowTableMemory memory;
  const FlowHash hash = FlowHash::Random();
  FlowTable table(&memory);
  size_t most = 0;
  for (const uint32_t flows : {100'000u, 100'000u, 100'000u, 2'000u, 2'000u}) {
    for (uint32_t flow = 0; flow < flows; ++flow) {
      table.Add(OfFlow(flow), hash(OfFlow(flow)));
    }
    if (most == 0) most = memory.bytes();
    ASSERT_LE(memory.bytes(), most);
    memory.chunks.Keep(table.chunks());
    memory.segments.Keep(table.segments());
    table.Retire();
    uint32_t next = 0;
    for (Record record; table.size() > 0; table.RemoveOldest()) {
      table.Get(table.oldest(), &record);
      ASSERT_EQ(record.if_index, next++);
    }
    ASSERT_EQ(next, flows);
  }
  EXPECT_LT(memory.bytes(), most);
}

// If there are more names than numbers, records are stored whole.
TEST(FlowTableTest, AnyNumberOfInterfaceNames) {
  FlowTableMemory memory;
  FlowTable table(&memory);
  const FlowHash hash = FlowHash::Random();
  constexpr uint32_t kNames = LabelTable::kMaxLabels + 1000;
  const auto named = [](uint32_t flow) {
    Record record = OfFlow(flow);
    SetInterfaceName("interface" + std::to_string(flow), &record);
    return record;
  };
  for (uint32_t flow = 0; flow < kNames; ++flow) {
    const Record record = named(flow);
    ASSERT_NE(table.Add(record, hash(record)), FlowTable::kNone);
  }
  EXPECT_EQ(memory.labels.size(), LabelTable::kMaxLabels);
  for (uint32_t flow = 0; flow < kNames; ++flow) {
    const Record record = named(flow);
    Record held;
    table.Get(table.Find(record, hash(record)), &held);
    ASSERT_EQ(BytesOf(held), BytesOf(record));
  }
}

// In any order, and with counters that do not fit into an entry.
TEST(FlowTableTest, ARecordWithoutATimeLeavesTheTimesOfItsFlow) {
  const FlowHash hash = FlowHash::Random();
  for (const uint64_t bits : {uint64_t{0}, uint64_t{WEIR_HAS_WALL_TIME}, kTimeBits}) {
    for (const uint64_t bytes : {uint64_t{1}, uint64_t{1} << 40}) {
      Record dated = OfFlow(1);
      dated.bytes = bytes;
      dated.present = bits;
      dated.start_wall_time_ns = 1000;
      dated.end_wall_time_ns = 2000;
      if (bits != WEIR_HAS_WALL_TIME) {
        dated.start_mono_time_ns = 10;
        dated.end_mono_time_ns = 20;
      }
      for (const bool dated_first : {true, false}) {
        FlowTableMemory memory;
        FlowTable table(&memory);
        const uint32_t flow = table.Add(dated_first ? dated : OfFlow(1), hash(dated));
        table.Accumulate(dated_first ? OfFlow(1) : dated, flow);
        table.Accumulate(OfFlow(1), flow);
        Record held;
        table.Get(flow, &held);
        EXPECT_EQ(held.present & kTimeBits, bits);
        EXPECT_EQ(held.packets, 3u);
        EXPECT_EQ(held.start_mono_time_ns, dated.start_mono_time_ns);
        EXPECT_EQ(held.end_mono_time_ns, dated.end_mono_time_ns);
        EXPECT_EQ(held.start_wall_time_ns, 1000);
        EXPECT_EQ(held.end_wall_time_ns, 2000);
        while (table.size() > 0) table.RemoveOldest();
      }
    }
  }
}

// Whatever the order of arrival and removal, each flow is found, no other is, and the oldest is
// right.
TEST(FlowTableTest, FindsWhatItHoldsAndNothingElse) {
  std::mt19937 random(3);
  FlowTableMemory memory;
  FlowTable table(&memory);
  const FlowHash hash = FlowHash::Random();
  std::vector<uint32_t> in_order;
  for (int step = 0; step < 60'000; ++step) {
    const Record record = OfFlow(random() % 8192);
    const auto held = std::find(in_order.begin(), in_order.end(), record.if_index);
    const uint32_t number = table.Find(record, hash(record));
    ASSERT_EQ(number != FlowTable::kNone, held != in_order.end());
    // Sometimes there are few flows, sometimes many.
    const bool grows = (step / 10'000) % 2 == 0;
    if (held == in_order.end() && (grows || random() % 2 == 0)) {
      ASSERT_NE(table.Add(record, hash(record)), FlowTable::kNone);
      in_order.push_back(record.if_index);
    } else if (held != in_order.end() && random() % 4 == 0) {
      table.Restart(record, number);
      in_order.erase(held);
      in_order.push_back(record.if_index);
    } else if (held != in_order.end() && (!grows || random() % 4 == 0)) {
      table.Remove(number, hash(record));
      in_order.erase(held);
    }
    ASSERT_EQ(table.size(), in_order.size());
    Record oldest;
    if (table.size() == 0) continue;
    table.Get(table.oldest(), &oldest);
    ASSERT_EQ(oldest.if_index, in_order.front());
  }
}

// Hashes that differ in few bits, or in none: segments may be as crowded as possible.
TEST(FlowIndexTest, ManyOfOnePlace) {
  for (const uint64_t step :
       {uint64_t{0}, uint64_t{1} << 32, uint64_t{1} << 43, uint64_t{1} << 60}) {
    FlowIndex::Pool pool;
    FlowIndex index(&pool);
    const auto hash = [step](uint32_t number) { return (number % 64) * step; };
    constexpr uint32_t kNumbers = 2000;
    for (uint32_t number = 0; number < kNumbers; ++number) {
      ASSERT_TRUE(index.Insert(hash(number), number)) << step;
    }
    const auto find = [&](uint32_t number) {
      return index.Find(hash(number), [number](uint32_t found) { return found == number; });
    };
    for (uint32_t number = 0; number < kNumbers; ++number) ASSERT_EQ(find(number), number);
    for (uint32_t number = 0; number < kNumbers; number += 2) index.Erase(hash(number), number);
    for (uint32_t number = 0; number < kNumbers; ++number) {
      ASSERT_EQ(find(number), number % 2 == 0 ? FlowIndex::kNone : number);
    }
  }
}

TEST(FlowIndexTest, AgreesWithAMapOverManySegments) {
  std::mt19937_64 random(5);
  FlowIndex::Pool pool;
  FlowIndex index(&pool);
  std::vector<uint64_t> hashes;
  for (uint32_t number = 0; number < 40'000; ++number) {
    // The upper half of them is in a sixteenth of the segments, which split deeper.
    hashes.push_back(number % 2 == 0 ? random() : random() >> 4);
    ASSERT_TRUE(index.Insert(hashes.back(), number));
  }
  EXPECT_GT(index.segments(), 16u);
  const auto is_there = [&](uint32_t number) {
    return index.Find(hashes[number], [&](uint32_t found) { return found == number; }) == number;
  };
  for (uint32_t number = 0; number < hashes.size(); ++number) ASSERT_TRUE(is_there(number));
  for (uint32_t number = 0; number < hashes.size(); number += 3)
    index.Erase(hashes[number], number);
  for (uint32_t number = 0; number < hashes.size(); ++number) {
    ASSERT_EQ(is_there(number), number % 3 != 0);
  }
}

// Collisions cannot be predicted without the key: any two instances differ.
TEST(FlowHashTest, IsKeyed) {
  const FlowHash one = FlowHash::Random();
  const FlowHash other = FlowHash::Random();
  const uint64_t change = one(OfFlow(1)) ^ one(OfFlow(2));
  EXPECT_NE(one(OfFlow(1)), other(OfFlow(1)));
  EXPECT_NE(change, other(OfFlow(1)) ^ other(OfFlow(2)));
}

// Every bit of the key matters, and flips about half of the bits of the hash.
TEST(FlowHashTest, EveryBitOfTheKeyCounts) {
  RecordGenerator generator(1);
  const FlowHash hash = FlowHash::Random();
  for (size_t bit = 0; bit < 8 * (kKeySize + 8); ++bit) {
    int flipped = 0;
    for (int round = 0; round < 64; ++round) {
      const Record record = generator.Next(1000, 0);
      Record other = record;
      if (bit < 8 * kKeySize) {
        reinterpret_cast<uint8_t*>(&other)[bit / 8] ^= 1u << bit % 8;
      } else {
        other.network_namespace ^= uint64_t{1} << (bit - 8 * kKeySize);
      }
      flipped += __builtin_popcountll(hash(record) ^ hash(other));
    }
    EXPECT_NEAR(flipped / 64.0, 32.0, 8.0) << "bit " << bit;
  }
}

}  // namespace
}  // namespace weir::transforms
