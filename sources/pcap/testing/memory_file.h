// SPDX-License-Identifier: Apache-2.0
// A file in memory, for tests and benchmarks of code that opens a path.
#ifndef WEIR_SOURCES_PCAP_TESTING_MEMORY_FILE_H_
#define WEIR_SOURCES_PCAP_TESTING_MEMORY_FILE_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace weir::pcap {

// Aborts if the file cannot be made or written. One thread.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(memfd_create("capture", MFD_CLOEXEC)) {
    while (fd_ >= 0 && !bytes.empty()) {
      const ssize_t written = write(fd_, bytes.data(), bytes.size());
      if (written <= 0) break;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    if (fd_ >= 0 && bytes.empty()) return;
    std::perror("memory file");
    std::abort();
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // Every open of this path begins at the start of the file.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_TESTING_MEMORY_FILE_H_
