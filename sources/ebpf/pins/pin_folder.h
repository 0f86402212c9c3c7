// SPDX-License-Identifier: Apache-2.0
// A folder of a BPF file system, whose pins keep maps and links in the kernel after the
// process has ended.
#ifndef WEIR_SOURCES_EBPF_PINS_PIN_FOLDER_H_
#define WEIR_SOURCES_EBPF_PINS_PIN_FOLDER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

// Locked as long as it is open, so that two processes never use one, but where it is only
// looked into. Immutable; any thread. Errors begin with the path.
class PinFolder {
 public:
  // Makes the folder where there is none. FAILED_PRECONDITION if it cannot be one, if another
  // process has it, if it is a symbolic link, or if another user than this process's owns it or
  // can write to it, or can put another one in its place (sdk::CheckTrustedPath of the folder
  // around it). Slashes at the end do not matter.
  static sdk::Result<std::unique_ptr<PinFolder>> Open(const std::string& path);
  // To look into only: neither makes nor locks it. Null if there is none and it could be
  // made.
  static sdk::Result<std::unique_ptr<PinFolder>> Look(const std::string& path);

  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view name) const;

  // What is pinned there under each name.
  sdk::Result<std::vector<std::string>> Names() const;
  // A descriptor of the object. NOT_FOUND if there is none.
  sdk::Result<sdk::UniqueFd> Get(std::string_view name) const;
  sdk::Status Pin(int fd, std::string_view name) const;
  // Also if there is none.
  sdk::Status Remove(std::string_view name) const;

 private:
  PinFolder(std::string path, sdk::UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  const std::string path_;
  const sdk::UniqueFd lock_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_PINS_PIN_FOLDER_H_
