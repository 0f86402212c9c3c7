// SPDX-License-Identifier: Apache-2.0
// Whether a file can be given to dlopen, which trusts what it reads: it maps a cut file and
// dies of SIGBUS, waits for the writer of a FIFO, and writes where a damaged header sends it.
#ifndef WEIR_CORE_ELF_SHARED_OBJECT_CHECK_H_
#define WEIR_CORE_ELF_SHARED_OBJECT_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace weir::elf {

// Reads `size` bytes at `offset` of a file into `to`. False if they are not all there.
using ReadAt = std::function<bool(uint64_t offset, size_t size, void* to)>;

// OK if a file of `file_size` bytes is a complete shared object for the machine, the word size and
// the byte order that this program runs with. Looks at the ELF header, the program headers, the
// section headers and the dynamic section (ELF gABI, chapters 4 and 5; elf(5)).
// FAILED_PRECONDITION with a sentence otherwise. Reads at most 64 KiB, allocates no
// more, and never reads outside of `file_size`. Does not look at code, symbols and
// relocations: a file that passes can still crash its loader. Any thread.
absl::Status CheckSharedObject(uint64_t file_size, const ReadAt& read);

// The same of the file `path`, which must be a regular file. Does not block on a FIFO or a
// device. The messages do not name the file.
absl::Status CheckSharedObjectFile(const std::string& path);

}  // namespace weir::elf

#endif  // WEIR_CORE_ELF_SHARED_OBJECT_CHECK_H_
