// SPDX-License-Identifier: Apache-2.0
// A folder for the files of one benchmark.
#ifndef WEIR_TOOLS_BENCHMARKS_SCOPED_FOLDER_H_
#define WEIR_TOOLS_BENCHMARKS_SCOPED_FOLDER_H_

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"

namespace weir::benchmarks {

// Gone with all that is in it when this ends.
class ScopedFolder {
 public:
  static sdk::Result<std::unique_ptr<ScopedFolder>> Make() {
    std::error_code error;
    std::string path = (std::filesystem::temp_directory_path(error) / "weir-bench-XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr) return sdk::ErrnoStatus("mkdtemp", errno);
    return std::unique_ptr<ScopedFolder>(new ScopedFolder(path));
  }
  ~ScopedFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScopedFolder(const ScopedFolder&) = delete;
  ScopedFolder& operator=(const ScopedFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit ScopedFolder(std::string path) : path_(std::move(path)) {}

  const std::string path_;
};

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_SCOPED_FOLDER_H_
