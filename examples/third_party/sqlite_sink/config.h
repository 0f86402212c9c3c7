// SPDX-License-Identifier: Apache-2.0
// Reads the message of sqlite.proto without protobuf's library.
#ifndef FLOWDB_CONFIG_H_
#define FLOWDB_CONFIG_H_

#include <cstdint>
#include <string>

#include "plugins/sdk/config_reader.h"

namespace flowdb {

struct Config {
  static constexpr int32_t kFull = 1;

  std::string path;
  uint32_t busy_timeout_ms = 5000;
  int32_t synchronous = kFull;

  // Called by weir::sdk::Define.
  bool ParseFromArray(const void* data, int size) {
    weir::sdk::ConfigReader reader(data, size);
    while (reader.Next()) {
      switch (reader.field()) {
        case 1:
          reader.Read(&path);
          break;
        case 2:
          reader.Read(&busy_timeout_ms);
          break;
        case 3:
          reader.Read(&synchronous);
          break;
        default:
          break;
      }
    }
    return reader.ok();
  }
};

}  // namespace flowdb

#endif  // FLOWDB_CONFIG_H_
