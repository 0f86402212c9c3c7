// SPDX-License-Identifier: Apache-2.0
// A fuzzer's entry to the reader of protobuf: whatever the bytes, what it takes protobuf's
// own parser takes too, and what was read is read again when it is written.
#include "core/record/protobuf_reader.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core/record/pbflow.pb.h"
#include "core/record/protobuf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::Record record;
  if (weir::ReadProtobuf({reinterpret_cast<const char*>(data), size}, &record) != nullptr) return 0;
  pbflow::Record message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) std::abort();
  if (message.bytes() != record.bytes || message.packets() != record.packets) std::abort();

  char text[weir::ProtobufEncoder::kMaxRecordBytes];
  const char* const end = weir::ProtobufEncoder().Write(record, text);
  weir::Record again;
  if (weir::ReadProtobuf({text, static_cast<size_t>(end - text)}, &again) != nullptr) std::abort();
  // The name may have been cut inside a character.
  std::memcpy(again.interface_name, record.interface_name, sizeof(again.interface_name));
  if (std::memcmp(&record, &again, sizeof(record)) != 0) std::abort();
  return 0;
}
