// SPDX-License-Identifier: Apache-2.0
// Checks a file before dlopen, which trusts its contents: it dies of SIGBUS on a truncated
// file, waits for the writer of a FIFO, and writes wherever a damaged header points.
#ifndef WEIR_CORE_ELF_SHARED_OBJECT_CHECK_H_
#define WEIR_CORE_ELF_SHARED_OBJECT_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace weir::elf {

// Reads `size` bytes at `offset` of a file into `to`. Returns false if it cannot read all.
using ReadAt = std::function<bool(uint64_t offset, size_t size, void* to)>;

// Returns OK if a file of `file_size` bytes is a complete shared object with the machine,
// word size and byte order of this program, else FAILED_PRECONDITION with the reason.
// Checks the ELF header, the program headers, the section headers and the dynamic section
// (ELF gABI, chapters 4 and 5; elf(5)). Does not check code, symbols and relocations, so a
// file that passes can still crash its loader. Reads at most 64 KiB, all of it inside
// `file_size`, and allocates no more than that. Any thread.
absl::Status CheckSharedObject(uint64_t file_size, const ReadAt& read);

// Checks the file `path`, which must be a regular file. Does not block on a FIFO or a
// device. The messages do not name the file.
absl::Status CheckSharedObjectFile(const std::string& path);

}  // namespace weir::elf

#endif  // WEIR_CORE_ELF_SHARED_OBJECT_CHECK_H_
