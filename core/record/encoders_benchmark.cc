// SPDX-License-Identifier: Apache-2.0
// The cost of encoding and reading a record: 10,000 records like those of real traffic (a quarter
// IPv6), in batches, through the buffer that a sink writes out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/record/batch.h"
#include "core/record/csv.h"
#include "core/record/encoded_records.h"
#include "core/record/json.h"
#include "core/record/other_interfaces.h"
#include "core/record/pbflow.pb.h"
#include "core/record/protobuf.h"
#include "core/record/protobuf_reader.h"
#include "core/record/testing/generated_protobuf.h"
#include "core/record/testing/plain_text.h"
#include "core/record/testing/random_records.h"

namespace weir {
namespace {

constexpr uint32_t kRecords = 10'000;
constexpr uint32_t kBatch = 256;
constexpr size_t kBlockBytes = 64 * 1024;

const ProtobufOptions kDelimited = {ProtobufOptions::Framing::kDelimited, std::nullopt};

const std::vector<Record>& Records() {
  static const auto* const records =
      new std::vector<Record>(testing::RandomRecords(7).OfTraffic(kRecords));
  return *records;
}

// Encodes all records with `encoder` and passes each full buffer to `take`. Returns the bytes.
template <typename Encoder, typename Take>
size_t EncodeAll(Encoder* encoder, EncodedRecords* encoded, const Take& take) {
  size_t bytes = 0;
  for (uint32_t at = 0; at < kRecords; at += kBatch) {
    weir_batch batch{};
    batch.stride = sizeof(Record);
    batch.size = std::min(kBatch, kRecords - at);
    batch.rows = reinterpret_cast<uint8_t*>(const_cast<Record*>(&Records()[at]));
    for (uint32_t next = 0; next < batch.size;) {
      next = encoded->Encode(BatchView(&batch), next, encoder);
      bytes += encoded->text().size();
      take(encoded->text());
    }
  }
  return bytes;
}

void Report(benchmark::State& state, size_t bytes) {
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRecords);
  state.counters["bytes_per_record"] = static_cast<double>(bytes) / kRecords;
}

template <typename Encoder>
void Encode(benchmark::State& state, Encoder encoder) {
  EncodedRecords encoded(kBlockBytes);
  size_t bytes = 0;
  for (auto _ : state) {
    bytes = EncodeAll(&encoder, &encoded, [](std::string_view text) {
      benchmark::DoNotOptimize(text.data());
      benchmark::ClobberMemory();
    });
  }
  Report(state, bytes);
}

// Copies as many bytes as the encoder writes, in the same pieces: the lower bound for an encoder.
template <typename Encoder>
void Copy(benchmark::State& state, Encoder encoder) {
  EncodedRecords encoded(kBlockBytes);
  std::string all;
  EncodeAll(&encoder, &encoded, [&](std::string_view text) { all += text; });
  const std::unique_ptr<char[]> to(new char[kBlockBytes]);
  for (auto _ : state) {
    for (size_t at = 0; at < all.size(); at += kBlockBytes) {
      std::memcpy(to.get(), all.data() + at, std::min(kBlockBytes, all.size() - at));
      benchmark::DoNotOptimize(to.get());
      benchmark::ClobberMemory();
    }
  }
  Report(state, all.size());
}

void BM_EncodeJson(benchmark::State& state) { Encode(state, JsonEncoder()); }
BENCHMARK(BM_EncodeJson);
void BM_FloorCopyJson(benchmark::State& state) { Copy(state, JsonEncoder()); }
BENCHMARK(BM_FloorCopyJson);

void BM_BaselinePlainJson(benchmark::State& state) {
  size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    for (const Record& record : Records()) {
      const std::string text = testing::PlainJson(record) + "\n";
      benchmark::DoNotOptimize(text.data());
      bytes += text.size();
    }
  }
  Report(state, bytes);
}
BENCHMARK(BM_BaselinePlainJson);

void BM_EncodeCsv(benchmark::State& state) { Encode(state, CsvEncoder()); }
BENCHMARK(BM_EncodeCsv);
void BM_FloorCopyCsv(benchmark::State& state) { Copy(state, CsvEncoder()); }
BENCHMARK(BM_FloorCopyCsv);

void BM_EncodeProtobuf(benchmark::State& state) { Encode(state, ProtobufEncoder(kDelimited)); }
BENCHMARK(BM_EncodeProtobuf);
void BM_FloorCopyProtobuf(benchmark::State& state) { Copy(state, ProtobufEncoder(kDelimited)); }
BENCHMARK(BM_FloorCopyProtobuf);

// Generated code: converts each record into one reused message and serializes it.
void BM_BaselineGeneratedProtobuf(benchmark::State& state) {
  pbflow::Record message;
  char text[2 * ProtobufEncoder::kMaxRecordBytes];
  size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    for (const Record& record : Records()) {
      message.Clear();
      testing::SetMessage(record, &message);
      if (!message.SerializeToArray(text, sizeof(text))) state.SkipWithError("it is too long");
      benchmark::DoNotOptimize(text);
      bytes += message.GetCachedSize();
    }
  }
  Report(state, bytes);
}
BENCHMARK(BM_BaselineGeneratedProtobuf);

// All records as length-delimited messages.
std::vector<std::string> Messages() {
  const ProtobufEncoder encoder;
  std::vector<std::string> messages;
  for (const Record& record : Records()) {
    char text[ProtobufEncoder::kMaxRecordBytes];
    messages.emplace_back(text, encoder.Write(record, text));
  }
  return messages;
}

void BM_ReadProtobuf(benchmark::State& state) {
  const std::vector<std::string> messages = Messages();
  Record record{};
  weir_other_interfaces others{};
  ProtobufUnrepresented unrepresented;
  size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    for (const std::string& message : messages) {
      if (ReadProtobuf(message, &record, &others, &unrepresented) != nullptr) {
        state.SkipWithError("a message is refused");
      }
      benchmark::DoNotOptimize(record);
      bytes += message.size();
    }
  }
  Report(state, bytes);
}
BENCHMARK(BM_ReadProtobuf);

// Generated code: parses the same messages into one reused message.
void BM_BaselineGeneratedRead(benchmark::State& state) {
  const std::vector<std::string> messages = Messages();
  pbflow::Record parsed;
  size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    for (const std::string& message : messages) {
      if (!parsed.ParseFromString(message)) state.SkipWithError("a message is refused");
      benchmark::DoNotOptimize(parsed);
      bytes += message.size();
    }
  }
  Report(state, bytes);
}
BENCHMARK(BM_BaselineGeneratedRead);

}  // namespace
}  // namespace weir
