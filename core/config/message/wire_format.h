// SPDX-License-Identifier: Apache-2.0
// A message as bytes.
#ifndef WEIR_CORE_CONFIG_MESSAGE_WIRE_FORMAT_H_
#define WEIR_CORE_CONFIG_MESSAGE_WIRE_FORMAT_H_

#include <string>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"

namespace weir::config {

// Returns the same bytes for the same message, also with maps. Required fields may be absent.
// Thread-safe.
inline std::string ToWireFormat(const google::protobuf::Message& message) {
  std::string wire;
  {
    google::protobuf::io::StringOutputStream stream(&wire);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return wire;
}

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_MESSAGE_WIRE_FORMAT_H_
