// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Memory in which a packet ends at a page that cannot be read: a parser that reads too far crashes.
// It is below 4 GB, for 32-bit addresses.
#ifndef WEIR_BPF_TESTING_PACKET_MEMORY_H_
#define WEIR_BPF_TESTING_PACKET_MEMORY_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weir::ebpf {

// For one thread.
class PacketMemory {
 public:
  static constexpr size_t kMaxBytes = 64 * 1024;

  PacketMemory() {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    // A multiple of every page size, in a range that no sanitizer uses.
    for (uintptr_t wish = 0x10000000; wish < 0x70000000; wish += 0x1000000) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr)
      void* const got = mmap(reinterpret_cast<void*>(wish), page + kMaxBytes + page, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
      if (got == MAP_FAILED) continue;
      mapping_ = static_cast<uint8_t*>(got);
      size_ = page + kMaxBytes + page;
      begin_ = mapping_ + page;
      if (reinterpret_cast<uintptr_t>(got) == wish &&
          mprotect(begin_, kMaxBytes, PROT_READ | PROT_WRITE) == 0) {
        return;
      }
      munmap(mapping_, size_);
    }
    std::perror("no memory below 4 GB");
    std::abort();
  }
  ~PacketMemory() { munmap(mapping_, size_); }
  PacketMemory(const PacketMemory&) = delete;
  PacketMemory& operator=(const PacketMemory&) = delete;

  // Copies `size` bytes, at most kMaxBytes, to the very end. Replaces the copy before.
  const uint8_t* Place(const uint8_t* bytes, size_t size) {
    uint8_t* const copy = begin_ + kMaxBytes - size;
    if (size > 0) std::memcpy(copy, bytes, size);
    return copy;
  }

 private:
  uint8_t* mapping_ = nullptr;
  size_t size_ = 0;
  uint8_t* begin_ = nullptr;
};

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_PACKET_MEMORY_H_
