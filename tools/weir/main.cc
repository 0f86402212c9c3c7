// SPDX-License-Identifier: Apache-2.0
// The weir program: prepares the process, reads the command line and calls the command.
#include <malloc.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/telemetry/log.h"
#include "gflags/gflags.h"
#include "glog/logging.h"
#include "tools/weir/command_line.h"
#include "tools/weir/command_table.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/process_start.h"
#include "tools/weir/program.h"

DECLARE_string(log_level);

namespace weir {
namespace {

int Fail(std::string_view message, std::string_view where_to_look) {
  PrintError(message);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(where_to_look.size()), where_to_look.data());
  return kExitBadUsage;
}

// Batches are allocated and freed all the time. Without these limits their memory would go back to
// the kernel, which maps and clears it again for the next batch.
void KeepFreedMemory() {
  (void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
  (void)mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

int Main(int argc, char** argv) {
  const bool output_was_closed = OpenStandardStreams();
  SetProcessHandlers();
  KeepFreedMemory();
  telemetry::InitializeLog(argc > 0 ? argv[0] : "weir");
  if (output_was_closed) {
    LOG(WARNING) << "standard output is closed: weir writes to /dev/null in its place";
  }
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto invocation = ParseCommandLine(words, Commands());
  if (!invocation.ok()) {
    return Fail(invocation.status().message(), "`weir --help` and `weir COMMAND --help` show more");
  }
  const Command* const command = invocation->command;
  if (invocation->help) {
    std::fputs((command == nullptr ? ProgramHelp(Commands()) : CommandHelp(*command)).c_str(),
               stdout);
    return kExitClean;
  }
  if (command == nullptr) return Fail("which command?", "`weir --help` lists them");
  if (absl::Status status = telemetry::SetLogLevel(FLAGS_log_level); !status.ok()) {
    return Fail(absl::StrCat("--log_level: ", status.message()),
                absl::StrCat("`weir ", command->name, " --help` shows more"));
  }
  return command->run(invocation->arguments);
}

// Writes out what stdout has buffered. Returns `code`, or kExitFailed if not all could be written.
int CloseOutput(int code) {
  const bool failed_before = std::ferror(stdout) != 0;
  errno = 0;
  const bool closed = std::fclose(stdout) == 0;
  if (closed && !failed_before) return code;
  // The reason of an earlier failure is no longer known.
  PrintError(absl::StrCat("not all output could be written to standard output",
                          errno == 0 ? "" : ": ", errno == 0 ? "" : std::strerror(errno)));
  return code == kExitClean ? kExitFailed : code;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) { return weir::CloseOutput(weir::Main(argc, argv)); }
