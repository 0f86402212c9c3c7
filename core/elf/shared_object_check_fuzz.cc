// SPDX-License-Identifier: Apache-2.0
// Fuzzes the check: for any contents it reads only inside the file, at most 64 KiB, and an
// error has a message.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/status/status.h"
#include "core/elf/shared_object_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  size_t bytes_read = 0;
  const absl::Status status =
      weir::elf::CheckSharedObject(size, [&](uint64_t offset, size_t count, void* to) {
        if (offset > size || count > size - offset) std::abort();
        bytes_read += count;
        std::memcpy(to, data + offset, count);
        return true;
      });
  if (bytes_read > size_t{64} << 10) std::abort();
  if (!status.ok() && status.message().empty()) std::abort();
  return 0;
}
