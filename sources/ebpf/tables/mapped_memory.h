// SPDX-License-Identifier: Apache-2.0
// Maps the values of an array map into this process's memory.
#ifndef WEIR_SOURCES_EBPF_TABLES_MAPPED_MEMORY_H_
#define WEIR_SOURCES_EBPF_TABLES_MAPPED_MEMORY_H_

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace weir::ebpf {

// Owns a mapping. Any thread. The contents are shared with the kernel.
class MappedMemory {
 public:
  MappedMemory() = default;
  // Maps the first `size` bytes of a BPF_F_MMAPABLE map. On failure data() is null and *error is
  // errno.
  MappedMemory(int map_fd, size_t size, int* error) : size_(size) {
    void* const address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    if (address == MAP_FAILED) {
      *error = errno;
    } else {
      data_ = address;
    }
  }
  MappedMemory(MappedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  MappedMemory& operator=(MappedMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  // munmap fails only for memory that is not mapped.
  ~MappedMemory() {
    if (data_ != nullptr) (void)munmap(data_, size_);
  }

  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_MAPPED_MEMORY_H_
