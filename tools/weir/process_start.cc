// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/process_start.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

#include "tools/weir/exit_code.h"

namespace weir {
namespace {

// Allocates nothing.
[[noreturn]] void EndWith(std::string_view line) {
  (void)!write(STDERR_FILENO, line.data(), line.size());
  _exit(kExitFailed);
}

[[noreturn]] void ReportUncaughtException() {
  const std::exception_ptr exception = std::current_exception();
  try {
    if (exception != nullptr) std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    EndWith("weir: out of memory: ended at once, without draining\n");
  } catch (...) {
    // A defect: abort leaves a core file.
  }
  std::abort();
}

}  // namespace

bool OpenStandardStreams() {
  bool output_was_closed = false;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // open returns the lowest free number, which is that of the stream.
    if (open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY) != stream) {
      _exit(kExitFailed);
    }
    output_was_closed |= stream == STDOUT_FILENO;
  }
  return output_was_closed;
}

void SetProcessHandlers() {
  std::set_terminate(ReportUncaughtException);
  // Fails only for a signal that does not exist.
  (void)std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace weir
