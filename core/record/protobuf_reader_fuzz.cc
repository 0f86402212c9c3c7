// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of protobuf. It accepts only messages that protobuf's own parser accepts. A
// record that was read, written and read again is the same.
#include "core/record/protobuf_reader.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/record/pbflow.pb.h"
#include "core/record/protobuf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::Record record;
  weir_other_interfaces others;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (weir::ReadProtobuf(bytes, &record, &others) != nullptr) return 0;
  pbflow::Record message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) std::abort();
  if (message.bytes() != record.bytes || message.packets() != record.packets) std::abort();

  char text[weir::ProtobufEncoder::kMaxRecordBytes];
  const char* const end = weir::ProtobufEncoder().Write(record, &others, text);
  const std::string_view written(text, static_cast<size_t>(end - text));
  weir::Record again;
  weir_other_interfaces others_again;
  if (weir::ReadProtobuf(written, &again, &others_again) != nullptr) std::abort();
  if (std::memcmp(&record, &again, sizeof(record)) != 0) std::abort();
  if (others.count != others_again.count ||
      std::memcmp(others.interfaces, others_again.interfaces,
                  others.count * sizeof(others.interfaces[0])) != 0) {
    std::abort();
  }
  return 0;
}
