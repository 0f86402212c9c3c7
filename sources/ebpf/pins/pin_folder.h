// SPDX-License-Identifier: Apache-2.0
// A folder of a BPF file system. Its pins keep maps and links in the kernel after the process has
// ended.
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

// Locked while it is open, so that two processes never use one folder; Look does not lock it.
// Immutable; any thread. Errors begin with the path.
class PinFolder {
 public:
  // Makes the folder if it does not exist. Ignores slashes at the end. Returns FAILED_PRECONDITION
  // if the folder cannot be made, if it is a symbolic link, or if another process uses it. Also
  // refuses a folder that another user owns, can write to or can replace (sdk::CheckTrustedPath of
  // its parent).
  static sdk::Result<std::unique_ptr<PinFolder>> Open(const std::string& path);
  // Opens the folder only to read it: neither makes nor locks it. Returns null if it does not exist
  // but could be made.
  static sdk::Result<std::unique_ptr<PinFolder>> Look(const std::string& path);

  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view name) const;

  // Returns the names of all pins.
  sdk::Result<std::vector<std::string>> Names() const;
  // Returns a descriptor of the object, or NOT_FOUND if there is none.
  sdk::Result<sdk::UniqueFd> Get(std::string_view name) const;
  sdk::Status Pin(int fd, std::string_view name) const;
  // Succeeds also if there is no such pin.
  sdk::Status Remove(std::string_view name) const;

 private:
  PinFolder(std::string path, sdk::UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  const std::string path_;
  const sdk::UniqueFd lock_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_PINS_PIN_FOLDER_H_
