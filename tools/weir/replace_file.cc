// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/replace_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/unique_fd.h"
#include "plugins/sdk/write_all.h"

namespace weir {
namespace {

absl::Status Error(std::string_view path, std::string_view what, int error) {
  return absl::UnknownError(absl::StrCat(path, ": ", what, ": ", std::strerror(error)));
}

// Returns 0 or an errno.
int WriteLike(int file, const struct stat& old, std::string_view content) {
  // The owner first: a change of owner clears bits of the mode.
  const bool other_owner = old.st_uid != geteuid() || old.st_gid != getegid();
  if (other_owner && fchown(file, old.st_uid, old.st_gid) != 0) return errno;
  if (fchmod(file, old.st_mode & 07777) != 0) return errno;
  size_t written = 0;
  if (const int error = sdk::WriteAll(file, content, &written); error != 0) return error;
  return fsync(file) == 0 ? 0 : errno;
}

// Delays SIGINT, SIGTERM and SIGHUP until the end of its life: they would leave a temporary file.
class SignalDelay {
 public:
  SignalDelay() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalDelay() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalDelay(const SignalDelay&) = delete;
  SignalDelay& operator=(const SignalDelay&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

absl::Status ReplaceFile(const std::string& path, std::string_view content) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (real == nullptr) return Error(path, "cannot be found", errno);
  struct stat old;
  if (stat(real.get(), &old) != 0) return Error(path, "cannot be read", errno);
  if (!S_ISREG(old.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is not a regular file"));
  }
  const SignalDelay delay;
  std::string temporary = absl::StrCat(real.get(), ".XXXXXX");
  const sdk::UniqueFd file(mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return Error(path, "a new file cannot be made beside it", errno);
  int error = WriteLike(file.get(), old, content);
  if (error == 0 && std::rename(temporary.c_str(), real.get()) != 0) error = errno;
  if (error == 0) return absl::OkStatus();
  unlink(temporary.c_str());
  return Error(path, "cannot be replaced", error);
}

}  // namespace weir
