// SPDX-License-Identifier: Apache-2.0
#include "core/record/encoded_records.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/record/json.h"
#include "core/record/testing/plain_text.h"
#include "core/record/testing/random_records.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

// Makes a batch of `records`, with the longer rows of a later host.
class Batch {
 public:
  explicit Batch(const std::vector<Record>& records) : rows_(records.size() * kStride) {
    for (size_t i = 0; i < records.size(); ++i) {
      std::memcpy(rows_.data() + i * kStride, &records[i], sizeof(Record));
    }
    batch_.stride = kStride;
    batch_.size = static_cast<uint32_t>(records.size());
    batch_.rows = rows_.data();
  }
  BatchView view() const { return BatchView(&batch_); }

 private:
  static constexpr uint32_t kStride = sizeof(Record) + 16;
  std::vector<uint8_t> rows_;
  weir_batch batch_{};
};

TEST(EncodedRecordsTest, GivesEncodersTheInterfacesOfEachRow) {
  struct Row {
    Record record;
    weir_other_interfaces others;
  };
  testing::RandomRecords random(6);
  std::vector<Row> rows;
  std::string expected;
  for (int i = 0; i < 10; ++i) {
    rows.push_back({random.Any(), random.AnyOthers()});
    expected += testing::PlainJson(rows.back().record, &rows.back().others) + "\n";
  }
  weir_batch batch{};
  batch.stride = sizeof(Row);
  batch.block_offset[WEIR_BLOCK_INTERFACES] = offsetof(Row, others);
  batch.size = static_cast<uint32_t>(rows.size());
  batch.rows = reinterpret_cast<uint8_t*>(rows.data());
  EncodedRecords encoded(1 << 16);
  JsonEncoder encoder;
  EXPECT_EQ(encoded.Encode(BatchView(&batch), 0, &encoder), batch.size);
  EXPECT_EQ(encoded.text(), expected);
}

TEST(EncodedRecordsTest, HoldsWholeRecordsUpToItsLimit) {
  const std::vector<Record> records = testing::RandomRecords(5).OfTraffic(100);
  std::string expected;
  for (const Record& record : records) {
    AppendJson(record, &expected);
    expected += '\n';
  }
  const Batch batch(records);
  JsonEncoder encoder;
  for (const size_t limit : {size_t{1}, size_t{1000}, expected.size(), expected.size() + 1}) {
    EncodedRecords encoded(limit);
    std::string all;
    for (uint32_t next = 0; next < records.size();) {
      const uint32_t first = next;
      next = encoded.Encode(batch.view(), first, &encoder);
      ASSERT_GT(next, first);
      const size_t size = encoded.text().size();
      ASSERT_TRUE(size >= limit || next == records.size());
      ASSERT_EQ(encoded.WholeRecords(size), next - first);
      ASSERT_EQ(encoded.WholeRecords(size - 1), next - first - 1);
      ASSERT_EQ(encoded.WholeRecords(0), 0u);
      all += encoded.text();
    }
    EXPECT_EQ(all, expected);
  }
}

// The text does not depend on how the rows are split into batches.
TEST(EncodedRecordsTest, AppendsBehindWhatIsThere) {
  const std::vector<Record> records = testing::RandomRecords(6).OfTraffic(100);
  const Batch all(records);
  JsonEncoder encoder;
  EncodedRecords whole(1 << 20);
  ASSERT_EQ(whole.Encode(all.view(), 0, &encoder), 100u);
  EncodedRecords parts(whole.text().size());
  for (const auto& [begin, end] : {std::pair(0, 1), {1, 60}, {60, 100}}) {
    EXPECT_FALSE(parts.full());
    const Batch part(std::vector<Record>(records.begin() + begin, records.begin() + end));
    ASSERT_EQ(parts.Append(part.view(), 0, &encoder), static_cast<uint32_t>(end - begin));
  }
  EXPECT_TRUE(parts.full());
  EXPECT_EQ(parts.records(), 100u);
  EXPECT_EQ(parts.text(), whole.text());
  for (const uint32_t some : {0u, 1u, 99u, 100u}) {
    EXPECT_EQ(parts.WholeRecords(parts.BytesOf(some)), some);
  }
  parts.Clear();
  EXPECT_EQ(parts.text(), "");
}

}  // namespace
}  // namespace weir
